import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { FAULT_COUNTERS, FAULT_NAMES } from "./faults/fault-counts.ts";
import { verify } from "./verify.ts";

/** The whole of `npm run verify:consistency`. */
it("is strictly serializable in 20 000 operations through two workers under all faults", async () => {
  const out = mkdtempSync(join(tmpdir(), "spike-edge-consistency-"));
  onTestFinished(() => rmSync(out, { recursive: true }));
  const lines: string[] = [];
  const options = { operations: 20_000, seconds: 600, clients: 32, workers: 2, seed: 1, faults: new Set(FAULT_NAMES) };
  const summary = await verify({ ...options, out }, (line) => lines.push(line)).catch((error: unknown) => {
    throw new Error(lines.join("\n"), { cause: error });
  });
  expect(summary).toMatchObject({ operations: 20_000, anomalies: {}, problems: [] });
  const counters = FAULT_NAMES.flatMap((name): readonly string[] => FAULT_COUNTERS[name]);
  expect(Object.keys(summary.faults).toSorted()).toEqual(counters.toSorted());
  expect(Object.values(summary.faults).filter((count) => count === 0)).toEqual([]);
  // A run in which nothing succeeds, or nothing is refused, proves nothing.
  for (const kind of ["put", "delete", "undelete", "get", "metadata", "list", "grant", "revoke"]) {
    expect(summary.outcomes[kind]?.["ok"], kind).toBeGreaterThan(0);
  }
  for (const refusal of ["refused 401", "refused 404", "refused 409", "refused 422", "unknown"]) {
    expect(Object.values(summary.outcomes).filter((outcomes) => (outcomes[refusal] ?? 0) > 0)).not.toEqual([]);
  }
}, 300_000);
