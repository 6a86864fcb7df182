import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import { check } from "./checker/check.ts";
import { FAULT_COUNTERS } from "./faults/fault-counts.ts";
import { readOptions } from "./options.ts";
import { run } from "./run.ts";
import { verify } from "./verify.ts";

/** `npm run verify:consistency` with a third of its operations. */
it("is consistent in 4000 operations through four workers and two replicas under all faults", async () => {
  const out = mkdtempSync(join(tmpdir(), "spike-edge-consistency-"));
  onTestFinished(() => rmSync(out, { recursive: true }));
  const lines: string[] = [];
  const options = readOptions(["--out", out, "--ops", "4000"], process.env);
  if (options === "help" || "check" in options) throw new TypeError("Expected the options of a run");
  const summary = await verify(options, (line) => lines.push(line)).catch((error: unknown) => {
    throw new Error(lines.join("\n"), { cause: error });
  });
  expect(summary).toMatchObject({ anomalies: {}, problems: [], missingFaults: [] });
  expect(summary.operations).toBeGreaterThanOrEqual(4000);
  const counters = [...options.faults].flatMap((name): readonly string[] => FAULT_COUNTERS[name]);
  expect(Object.keys(summary.faults).toSorted()).toEqual(counters.toSorted());
  expect(Object.values(summary.faults).filter((count) => count === 0)).toEqual([]);
  // A run in which nothing succeeds, or nothing is refused, proves nothing.
  for (const kind of ["put", "delete", "undelete", "get", "metadata", "list", "grant", "revoke", "prune"]) {
    expect(summary.outcomes[kind]?.["ok"], kind).toBeGreaterThan(0);
  }
  for (const refusal of ["refused 401", "refused 404", "refused 409", "refused 422", "unknown"]) {
    expect(Object.values(summary.outcomes).filter((outcomes) => (outcomes[refusal] ?? 0) > 0)).not.toEqual([]);
  }
}, 600_000);

/** The replicas lag so far that a read of the replica itself would be stale, however slow the machine is. */
const THROUGH_REPLICAS = "--ops 1000 --seconds 15 --faults none --lag 3000 --workers 2 --routes through-replica".split(
  " ",
);

it("is strictly serializable through two replicas without faults (H14)", async () => {
  const folder = scratchFolder();
  onTestFinished(async () => await folder.remove());
  const options = readOptions(THROUGH_REPLICAS, {});
  if (options === "help" || "check" in options) throw new TypeError("Expected the options of a run");
  const { history } = await run(options, folder.path, () => undefined);
  const { counts, anomalies, cases } = check(history);
  expect({ counts, anomalies }).toEqual({ counts: {}, anomalies: [] });
  for (const kind of ["write", "value", "metadata", "list", "not_found", "conflict", "denial", "order"] as const) {
    expect(cases[kind], kind).toBeGreaterThan(0);
  }
}, 300_000);
