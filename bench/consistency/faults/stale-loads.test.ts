import { expect, it } from "vitest";
import { StaleLoads } from "./stale-loads.ts";

const body = (writeId: string) => `{"args":[{"type":"text","value":"${writeId}"}]}`;
const OURS = body("w".repeat(43));
const WON = '{"step_results":[{"cols":[],"rows":[]},{"cols":[],"rows":[[{"type":"integer","value":"1"}]]}]}';

it("answers one load after a commit whose response was lost with the older state (H02)", () => {
  const stale = new StaleLoads();
  stale.copyUrl = "http://copy";
  const lost = stale.loseResponse(OURS);
  expect(lost?.fault).toBe("cut-answer");
  expect(stale.faultOf(OURS, () => undefined)).toBeUndefined();
  lost?.happened(WON);
  expect(stale.faultOf(body("x".repeat(43)), () => undefined)).toBeUndefined();
  expect(stale.faultOf(OURS, () => undefined)?.fault).toEqual({ target: "http://copy" });
  expect(stale.faultOf(OURS, () => undefined)).toBeUndefined();
});

it("does nothing before there is an older state, or if the commit was not applied (H02)", () => {
  const stale = new StaleLoads();
  expect(stale.loseResponse(OURS)).toBeUndefined();
  stale.copyUrl = "http://copy";
  expect(stale.loseResponse(body("short"))).toBeUndefined();
  stale.loseResponse(OURS)?.happened(undefined);
  expect(stale.faultOf(OURS, () => undefined)).toBeUndefined();
});
