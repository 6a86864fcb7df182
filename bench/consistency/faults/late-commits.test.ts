import { expect, it } from "vitest";
import { LateCommits } from "./late-commits.ts";

const WRITE_ID = "w".repeat(43);
const TRACE = `${"0".repeat(15)}10000000000000002`.slice(0, 32);
const commit = (writeId: string) =>
  `{"args":[{"type":"text","value":"${writeId}"},{"type":"text","value":"${TRACE}"}],"sql":"BEGIN IMMEDIATE"}`;
const WON = '{"step_results":[{"cols":[],"rows":[]},{"cols":[],"rows":[[{"type":"integer","value":"1"}]]}]}';

it.each([
  ["applied", WON, true],
  ["not applied", WON.replace("[[{", "[]}]}"), false],
  ["not answered", undefined, false],
])("holds a write until its commit was passed on, and records that it was %s (H07)", (_, answer, isWon) => {
  const late = new LateCommits(() => 1000);
  expect(late.faultOf(commit(WRITE_ID))).toBeUndefined();
  const { fault, happened } = late.hold(commit(WRITE_ID), 500);
  expect(fault).toEqual({ status: 502, passedOnAfterMs: 500 });
  expect(late.faultOf(commit(WRITE_ID))).toMatchObject({ status: 503 });
  expect(late.faultOf(commit("x".repeat(43)))).toBeUndefined();
  happened(answer);
  expect(late.faultOf(commit(WRITE_ID))).toBeUndefined();
  expect(late.all()).toEqual([{ trace: TRACE, receivedAt: 1000, at: 1500, isWon }]);
});
