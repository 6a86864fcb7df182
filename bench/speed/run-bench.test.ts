import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { mustSkip } from "../../test/harness/test-databases.ts";
import type { Result } from "./result.ts";

/** Checks that the benchmark measures, but not how fast anything is. */
const TITLE = "measures both sides in each round and writes the results";
it.skipIf(mustSkip("two databases", TITLE))(TITLE, { timeout: 120_000 }, async () => {
  const out = mkdtempSync(join(tmpdir(), "spike-edge-bench-"));
  const args = ["--only", "secrets", "--secrets", "3000", "--rounds", "1", "--seconds", "1", "--out", out];
  const { stdout } = await promisify(execFile)(process.execPath, ["bench/speed.ts", ...args]);
  const written = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as { results: Result[]; rounds: number };
  rmSync(out, { recursive: true });
  expect(written).toMatchObject({ rounds: 1, machine: { node: process.version } });
  expect(written.results.map(({ benchmark }) => benchmark)).toEqual([
    "get with 3000 secrets, p50",
    "put with 3000 secrets, p50",
  ]);
  for (const { measured, baseline, value, benchmark } of written.results) {
    expect(value.median).toBeCloseTo(measured / (baseline ?? 0), 9);
    expect(stdout).toContain(benchmark);
  }
});
