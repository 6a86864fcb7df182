import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { corrupt, CORRUPTIONS } from "./corrupt.fixture.ts";
import { isSound } from "./reference.fixture.ts";
import { simulate } from "./simulate.fixture.ts";

const RUNS = process.env["LONG"] ? 4000 : 150;

describe("a history of a store that does everything right", () => {
  it("has no anomalies, whatever the clients and the network do", () => {
    for (let seed = 0; seed < 3 * RUNS; seed += 1) {
      const size = { operations: 20 + (seed % 10) * 40, clients: 2 + (seed % 9), kept: 1 + (seed % 4) };
      expect(check(simulate({ seed, ...size })), `seed ${seed}`).toEqual({ anomalies: [], counts: {} });
    }
  });
});

describe("a history that is changed in one point", () => {
  for (const corruption of CORRUPTIONS) {
    it(`has anomalies just if no right store could have made it: ${corruption}`, () => {
      let unsound = 0;
      for (let seed = 0; seed < RUNS; seed += 1) {
        const history = simulate({ seed, operations: 60, clients: 2 + (seed % 5), kept: 1 + (seed % 3) });
        const changed = corrupt(history, corruption, seed);
        if (changed === undefined) continue;
        const sound = isSound(changed);
        const { anomalies } = check(changed);
        expect({ seed, sound: anomalies.length === 0, anomalies }).toMatchObject({ seed, sound });
        if (!sound) unsound += 1;
      }
      expect(unsound).toBeGreaterThan(0);
    });
  }
});
