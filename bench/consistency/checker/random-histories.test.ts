import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { corrupt, CORRUPTIONS } from "./corrupt.fixture.ts";
import { isConsistent } from "./reference-checker.fixture.ts";
import { simulate } from "./simulate.fixture.ts";

const RUNS = process.env["LONG"] ? 4000 : 150;

const NEED_REPLICA: readonly string[] = ["sent bookmark", "received bookmark", "worker"];

describe("a history of a correct store", () => {
  it("has no anomalies under concurrent clients and network failures", () => {
    for (let seed = 0; seed < 3 * RUNS; seed += 1) {
      const size = { operations: 20 + (seed % 10) * 40, clients: 2 + (seed % 9), maxVersions: 1 + (seed % 4) };
      const replica = seed % 2 === 1;
      expect(check(simulate({ seed, replica, ...size })), `seed ${seed}`).toMatchObject({ anomalies: [], counts: {} });
    }
  });
});

describe("a corrupted history", () => {
  for (const corruption of CORRUPTIONS) {
    it(`has anomalies exactly if the reference checker rejects it: ${corruption}`, () => {
      let inconsistent = 0;
      for (let seed = 0; seed < RUNS; seed += 1) {
        const replica = NEED_REPLICA.includes(corruption) || seed % 2 === 1;
        const history = simulate({
          seed,
          replica,
          operations: 60,
          clients: 2 + (seed % 5),
          maxVersions: 1 + (seed % 3),
        });
        const changed = corrupt(history, corruption, seed);
        if (changed === undefined) continue;
        const consistent = isConsistent(changed);
        const { anomalies } = check(changed);
        expect({ seed, consistent: anomalies.length === 0, anomalies }).toMatchObject({ seed, consistent });
        if (!consistent) inconsistent += 1;
      }
      expect(inconsistent).toBeGreaterThan(0);
    });
  }
});
