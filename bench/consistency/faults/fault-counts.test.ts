import { expect, it } from "vitest";
import { FaultCounts } from "./fault-counts.ts";

it("expects a fault that needs two kinds only if both are chosen", () => {
  const counter = "replica set back after its primary was killed";
  expect(new FaultCounts(new Set(["replica-set-back"])).missing()).toEqual(["replica set back"]);
  expect(new FaultCounts(new Set(["replica-set-back", "database-killed"])).missing()).toContain(counter);
});
