import type { Condition } from "./request.ts";

/** What has become of the steps so far; a step that was skipped is neither. */
export type StepState = "ok" | "error" | "skipped";

/** Whether the next step of a batch is to run. */
export function holds(condition: Condition, steps: readonly StepState[], isAutocommit: () => boolean): boolean {
  switch (condition.type) {
    case "ok":
    case "error":
      return steps[condition.step] === condition.type;
    case "not":
      return !holds(condition.cond, steps, isAutocommit);
    case "and":
      return condition.conds.every((each) => holds(each, steps, isAutocommit));
    case "or":
      return condition.conds.some((each) => holds(each, steps, isAutocommit));
    case "is_autocommit":
      return isAutocommit();
  }
}
