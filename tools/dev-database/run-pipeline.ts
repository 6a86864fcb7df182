import { MalformedPipeline, toHranaError } from "./errors.ts";
import type {
  BatchResult,
  BatchStep,
  Condition,
  HranaError,
  Statement,
  StatementResult,
  StreamRequest,
  StreamResult,
} from "./hrana.ts";
import { ResponseTooLarge, responseCounter } from "./limits.ts";
import type { Stream } from "./stream.ts";
import { type LockWait, waitForLock } from "./wait-for-lock.ts";

export interface PipelineContext extends LockWait {
  /** Version of the protocol. */
  readonly version: number;
}

interface StepContext extends PipelineContext {
  /** Throws once the results of the request are too large together. */
  readonly count: (result: StatementResult) => void;
}

/** Runs the requests of a pipeline in order. A failure does not prevent the requests after it. */
export async function runPipeline(
  stream: Stream,
  requests: readonly StreamRequest[],
  context: PipelineContext,
): Promise<StreamResult[]> {
  const results: StreamResult[] = [];
  for (const request of requests) {
    try {
      results.push({ type: "ok", response: { type: request.type, ...(await run(stream, request, context)) } });
    } catch (error) {
      if (error instanceof ResponseTooLarge) {
        stream.connection.rollback();
      }
      results.push({ type: "error", error: toHranaError(error) });
    }
  }
  return results;
}

async function run(
  stream: Stream,
  request: StreamRequest,
  context: PipelineContext,
): Promise<{ readonly result: StatementResult | BatchResult } | undefined> {
  switch (request.type) {
    case "execute":
      return { result: await execute(stream, request.stmt, stepContext(context)) };
    case "batch":
      return { result: await runBatch(stream, request.batch.steps, stepContext(context)) };
    case "sequence": {
      const sql = stream.textOf(request);
      await waitForLock(context, () => stream.connection.executeSequence(sql));
      return undefined;
    }
    case "store_sql":
      stream.texts.set(request.sql_id, request.sql);
      return undefined;
    case "close_sql":
      stream.texts.delete(request.sql_id);
      return undefined;
    case "close":
      stream.close();
      return undefined;
    default:
      throw new MalformedPipeline("a request has an unknown type");
  }
}

async function execute(stream: Stream, statement: Statement, context: StepContext): Promise<StatementResult> {
  const sql = stream.textOf(statement);
  const result = await waitForLock(context, () => stream.connection.execute(sql, statement));
  context.count(result);
  return result;
}

/** Adds the counter of the request that a statement belongs to. */
function stepContext(context: PipelineContext): StepContext {
  return { ...context, count: responseCounter() };
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
