import { isAbsent, Malformed, parseArray, parseInt32, parseObject } from "./parse-json.ts";
import { parseStatement } from "./parse-statement.ts";
import type { BatchStep, Condition, HranaVersion } from "./request.ts";

// Deep nesting has no use and would end in a stack overflow.
const DEEPEST_CONDITION = 100;

interface Place {
  readonly step: number;
  readonly depth: number;
  readonly version: HranaVersion;
}

export function parseBatch(value: unknown, version: HranaVersion): BatchStep[] {
  const batch = parseObject(value, "batch");
  return parseArray(batch["steps"], "steps").map((item, step) => {
    const { condition, stmt } = parseObject(item, "a step");
    return {
      condition: isAbsent(condition) ? undefined : parseCondition(condition, { step, depth: 0, version }),
      statement: parseStatement(stmt),
    };
  });
}

function parseCondition(value: unknown, place: Place): Condition {
  const { type, step, cond, conds } = parseObject(value, "a condition");
  const inner = { ...place, depth: place.depth + 1 };
  if (place.depth > DEEPEST_CONDITION) {
    throw new Malformed("a condition is nested too deeply");
  }
  switch (type) {
    case "ok":
    case "error":
      return { type, step: parseEarlierStep(step, place) };
    case "not":
      return { type, cond: parseCondition(cond, inner) };
    case "and":
    case "or":
      return { type, conds: parseArray(conds, "conds").map((each) => parseCondition(each, inner)) };
    case "is_autocommit":
      if (place.version < 3) {
        throw new Malformed("is_autocommit needs version 3 of the protocol");
      }
      return { type };
    default:
      throw new Malformed("a condition has an unknown type");
  }
}

function parseEarlierStep(value: unknown, place: Place): number {
  const step = parseInt32(value, "step");
  if (step < 0 || step >= place.step) {
    throw new Malformed("a condition names a step that is not before its own");
  }
  return step;
}
