import { expect, test } from "vitest";
import { holds, type StepState } from "./condition.ts";
import type { Condition } from "./request.ts";

const STEPS: StepState[] = ["ok", "error", "skipped"];
const ok = (step: number): Condition => ({ type: "ok", step });
const error = (step: number): Condition => ({ type: "error", step });
const not = (cond: Condition): Condition => ({ type: "not", cond });

test.each<[string, Condition, boolean]>([
  ["ok of a good step", ok(0), true],
  ["ok of a failed step", ok(1), false],
  ["ok of a skipped step", ok(2), false],
  ["error of a good step", error(0), false],
  ["error of a failed step", error(1), true],
  ["error of a skipped step", error(2), false],
  ["not of what holds", not(ok(0)), false],
  ["not of what does not hold", not(ok(2)), true],
  ["and of nothing", { type: "and", conds: [] }, true],
  ["and of all", { type: "and", conds: [ok(0), error(1)] }, true],
  ["and of some", { type: "and", conds: [ok(0), ok(1)] }, false],
  ["or of nothing", { type: "or", conds: [] }, false],
  ["or of some", { type: "or", conds: [ok(1), error(1)] }, true],
  ["or of none", { type: "or", conds: [ok(1), ok(2)] }, false],
  ["autocommit", { type: "is_autocommit" }, true],
  ["no autocommit", not({ type: "is_autocommit" }), false],
])("%s", (_name, condition, expected) => {
  expect(holds(condition, STEPS, () => true)).toBe(expected);
});
