import { runBatch, type BatchResult } from "./batch.ts";
import { describe, type Description } from "./describe.ts";
import { execute, type StatementResult } from "./execute.ts";
import { failure, success, type HranaError, type Outcome } from "./outcome.ts";
import type { Patience } from "./patience.ts";
import type { BatchStep, SqlReference, Statement, StreamRequest } from "./request.ts";
import { runSequence } from "./sequence.ts";
import type { Stream } from "./stream.ts";

type StreamResponse =
  | { readonly type: "close" | "sequence" | "store_sql" | "close_sql" }
  | { readonly type: "execute"; readonly result: StatementResult }
  | { readonly type: "batch"; readonly result: BatchResult }
  | { readonly type: "describe"; readonly result: Description }
  | { readonly type: "get_autocommit"; readonly is_autocommit: boolean };

/** The answer to one request of a pipeline, as it goes over the wire. */
export type StreamResult =
  | { readonly type: "ok"; readonly response: StreamResponse }
  | { readonly type: "error"; readonly error: HranaError };

/** Answers the requests of a pipeline in order. One that fails does not keep the next from running. */
export async function runPipeline(
  stream: Stream,
  requests: readonly StreamRequest[],
  patience: Patience,
): Promise<StreamResult[]> {
  const results: StreamResult[] = [];
  for (const request of requests) {
    const outcome = stream.isClosed
      ? failure("STREAM_CLOSED", `Cannot answer "${request.type}": the stream is closed`)
      : await answer(stream, request, patience);
    results.push(outcome.ok ? { type: "ok", response: outcome.value } : { type: "error", error: outcome.error });
  }
  return results;
}

async function answer(stream: Stream, request: StreamRequest, patience: Patience): Promise<Outcome<StreamResponse>> {
  const { type } = request;
  switch (type) {
    case "close":
      stream.close();
      return success({ type });
    case "execute":
      return answerExecute(stream, request.statement, patience);
    case "batch":
      return answerBatch(stream, request.steps, patience);
    case "sequence":
      return answerSequence(stream, request.text, patience);
    case "describe":
      return answerDescribe(stream, request.text, patience);
    case "store_sql": {
      const stored = stream.storeText(request.sqlId, request.sql);
      return stored.ok ? success({ type }) : stored;
    }
    case "close_sql":
      stream.dropText(request.sqlId);
      return success({ type });
    case "get_autocommit":
      return success({ type, is_autocommit: stream.isAutocommit });
  }
}

async function answerExecute(
  stream: Stream,
  statement: Statement,
  patience: Patience,
): Promise<Outcome<StreamResponse>> {
  const outcome = await executeOn(stream, statement, patience);
  return outcome.ok ? success({ type: "execute", result: outcome.value }) : outcome;
}

async function answerBatch(
  stream: Stream,
  steps: readonly BatchStep[],
  patience: Patience,
): Promise<Outcome<StreamResponse>> {
  const result = await runBatch(steps, {
    run: (statement) => executeOn(stream, statement, patience),
    isAutocommit: () => stream.isAutocommit,
  });
  return success({ type: "batch", result });
}

async function answerSequence(
  stream: Stream,
  reference: SqlReference,
  patience: Patience,
): Promise<Outcome<StreamResponse>> {
  const text = stream.textOf(reference);
  const outcome = text.ok ? await runSequence(stream.connection, text.value, patience) : text;
  return outcome.ok ? success({ type: "sequence" }) : outcome;
}

async function answerDescribe(
  stream: Stream,
  reference: SqlReference,
  patience: Patience,
): Promise<Outcome<StreamResponse>> {
  const text = stream.textOf(reference);
  const outcome = text.ok ? await describe(stream.connection, text.value, patience) : text;
  return outcome.ok ? success({ type: "describe", result: outcome.value }) : outcome;
}

async function executeOn(stream: Stream, statement: Statement, patience: Patience): Promise<Outcome<StatementResult>> {
  const text = stream.textOf(statement.text);
  return text.ok ? execute(stream.connection, text.value, statement, patience) : text;
}
