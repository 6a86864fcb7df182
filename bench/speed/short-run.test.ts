import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Result } from "./result.ts";

/** Times are no test's business: that it measures, and what of, is. */
it("a short run measures both sides in each round and keeps what it found", { timeout: 120_000 }, async () => {
  const out = mkdtempSync(join(tmpdir(), "spike-edge-bench-"));
  const sizes = ["--only", "secrets", "--secrets", "3000", "--rounds", "1", "--seconds", "1", "--out", out];
  const { stdout } = await promisify(execFile)(process.execPath, ["bench/speed.ts", ...sizes]);
  const kept = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as { results: Result[]; rounds: number };
  rmSync(out, { recursive: true });
  expect(kept).toMatchObject({ rounds: 1, machine: { node: process.version } });
  expect(kept.results.map(({ figure }) => figure)).toEqual([
    "get with 3000 secrets, p50",
    "put with 3000 secrets, p50",
  ]);
  for (const { ours, base, value, figure } of kept.results) {
    expect(value.median).toBeCloseTo(ours / (base ?? 0), 9);
    expect(stdout).toContain(figure);
  }
});
