import { MalformedPipeline, toHranaError } from "./errors.ts";
import type {
  BatchResult,
  BatchStep,
  Condition,
  HranaError,
  ProgramRequest,
  Statement,
  StatementResult,
} from "./hrana.ts";
import { ResponseTooLarge, responseCounter } from "./limits.ts";
import type { Stream } from "./stream.ts";
import { type LockWait, waitForLock } from "./wait-for-lock.ts";

export interface ProgramContext extends LockWait {
  /** Version of the protocol. */
  readonly version: number;
}

export interface ProgramAnswer {
  readonly result?: StatementResult | BatchResult;
}

interface StepContext extends ProgramContext {
  /** Throws once the results of the request are too large together. */
  readonly count: (result: StatementResult) => void;
}

/** Runs a request that has SQL on the stream's connection. */
export async function runProgram(
  stream: Stream,
  program: ProgramRequest,
  programContext: ProgramContext,
): Promise<ProgramAnswer> {
  const context = { ...programContext, count: responseCounter() };
  switch (program.type) {
    case "execute":
      return { result: await execute(stream, program.stmt, context) };
    case "batch":
      return { result: await runBatch(stream, program.batch.steps, context) };
    case "sequence": {
      const sql = stream.textOf(program);
      await waitForLock(context, () => stream.connection.executeSequence(sql));
      return {};
    }
  }
}

async function execute(stream: Stream, statement: Statement, context: StepContext): Promise<StatementResult> {
  const sql = stream.textOf(statement);
  const result = await waitForLock(context, () => stream.connection.execute(sql, statement));
  context.count(result);
  return result;
}

/** Runs the steps whose conditions hold. A failed step does not end the batch: the conditions of later steps decide that. */
async function runBatch(stream: Stream, steps: readonly BatchStep[], context: StepContext): Promise<BatchResult> {
  const results: (StatementResult | null)[] = [];
  const errors: (HranaError | null)[] = [];
  const holds = (condition: Condition): boolean => {
    switch (condition.type) {
      case "ok":
        return (results[condition.step] ?? null) !== null;
      case "error":
        return (errors[condition.step] ?? null) !== null;
      case "not":
        return !holds(condition.cond);
      case "and":
        return condition.conds.every(holds);
      case "or":
        return condition.conds.some(holds);
      case "is_autocommit":
        if (context.version < 3) {
          throw new MalformedPipeline("is_autocommit needs version 3 of the protocol");
        }
        return stream.connection.isAutocommit;
      default:
        throw new MalformedPipeline("a condition has an unknown type");
    }
  };
  for (const { condition, stmt } of steps) {
    let result: StatementResult | null = null;
    let error: HranaError | null = null;
    if (condition === undefined || condition === null || holds(condition)) {
      try {
        result = await execute(stream, stmt, context);
      } catch (thrown) {
        if (thrown instanceof ResponseTooLarge) {
          throw thrown;
        }
        error = toHranaError(thrown);
      }
    }
    results.push(result);
    errors.push(error);
  }
  return { step_results: results, step_errors: errors };
}
