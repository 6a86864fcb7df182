import { MalformedPipeline, toHranaError } from "./errors.ts";
import { runOnFollower } from "./follower/run-on-follower.ts";
import type { StreamRequest, StreamResult } from "./hrana.ts";
import { ResponseTooLarge } from "./limits.ts";
import { type ProgramAnswer, type ProgramContext, runProgram } from "./run-program.ts";
import type { Stream } from "./stream.ts";

interface RequestContext extends ProgramContext {
  /** True if the client closes the stream after this request. */
  readonly isLast: boolean;
}

/** Runs the requests of a pipeline in order. A failure does not prevent the requests after it. */
export async function runPipeline(
  stream: Stream,
  requests: readonly StreamRequest[],
  context: ProgramContext,
): Promise<StreamResult[]> {
  const results: StreamResult[] = [];
  for (const [index, request] of requests.entries()) {
    const isLast = requests[index + 1]?.type === "close";
    try {
      const answer = await run(stream, request, { ...context, isLast });
      results.push({ type: "ok", response: { type: request.type, ...answer } });
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
  context: RequestContext,
): Promise<ProgramAnswer | undefined> {
  switch (request.type) {
    case "execute":
    case "batch":
    case "sequence":
      return stream.remote === undefined
        ? await runProgram(stream, request, context)
        : await runOnFollower(stream, request, { ...context, remote: stream.remote });
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
