import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { simulate } from "./simulate.fixture.ts";

describe("a history of a store that does everything right", () => {
  it("has no anomalies, whatever the clients and the network do", () => {
    for (let seed = 0; seed < 400; seed += 1) {
      const history = simulate({
        seed,
        operations: 20 + (seed % 10) * 40,
        clients: 2 + (seed % 9),
        kept: 1 + (seed % 4),
      });
      expect(check(history), `seed ${seed}`).toEqual({ anomalies: [], counts: {} });
    }
  });
});
