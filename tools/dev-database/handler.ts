import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CommitLog } from "./commit-log/commit-log.ts";
import { isCommitsRequest, sendCommits } from "./commit-log/send-commits.ts";
import { ForwardFailure, HranaFailure, MalformedPipeline } from "./errors.ts";
import type { HranaError, Pipeline, StreamResult } from "./hrana.ts";
import { LIMITS } from "./limits.ts";
import { runPipeline } from "./run-pipeline.ts";
import type { Streams } from "./streams.ts";
import type { LockWait } from "./wait-for-lock.ts";

export interface HandlerOptions {
  readonly authToken: string | undefined;
  readonly busyTimeoutMs: number;
  readonly isClosing: () => boolean;
  /** Sent to followers, if set. */
  readonly commitLog?: CommitLog | undefined;
}

interface PipelineResult {
  readonly baton: string | null;
  readonly base_url: null;
  readonly results: readonly StreamResult[];
}

interface AnswerContext extends LockWait {
  /** True if the server has as many requests as it may have. */
  readonly isFull: boolean;
}

type Reply = readonly [status: number, body: PipelineResult | HranaError];

const TOO_MANY: Reply = [429, { message: "Too many concurrent requests", code: "TOO_MANY_REQUESTS" }];

const PIPELINE = /^\/v([23])\/pipeline$/u;

/** Handles HTTP requests. The returned function never rejects. */
export function createHandler(
  streams: Streams,
  { authToken, busyTimeoutMs, isClosing, commitLog }: HandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let running = 0;
  const handlePipeline = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wait = { timeoutMs: busyTimeoutMs, isAbandoned: () => response.destroyed || isClosing() };
    running += 1;
    try {
      const isFull = running > LIMITS.maxRequests;
      send(response, await answer(request, streams, { ...wait, isFull }));
    } finally {
      running -= 1;
      commitLog?.capture();
    }
  };
  return async (request, response) => {
    try {
      const isForFollower = commitLog !== undefined && isCommitsRequest(request);
      const refusal = refuse(request, { authToken, isForFollower });
      if (refusal !== undefined) {
        send(response, refusal);
      } else if (isForFollower) {
        await sendCommits(response, commitLog, request.url ?? "");
      } else {
        await handlePipeline(request, response);
      }
    } catch (error) {
      fail(response, failureReply(error, isClosing()));
    }
  };
}

function fail(response: ServerResponse, reply: Reply): void {
  if (response.headersSent) {
    response.destroy();
  } else if (!response.destroyed) {
    send(response, reply);
  }
}

interface Rules {
  readonly authToken: string | undefined;
  readonly isForFollower: boolean;
}

function refuse({ method, url, headers }: IncomingMessage, { authToken, isForFollower }: Rules): Reply | undefined {
  if (!isForFollower && (method !== "POST" || !PIPELINE.test(url ?? ""))) {
    return [404, { message: "Cannot serve the request: only POST /v2/pipeline exists", code: "NOT_FOUND" }];
  }
  // Browsers send Origin with each POST. Without this check any web page could use a database that has no token.
  if (headers.origin !== undefined) {
    return [403, { message: "Cannot serve web pages: the request has an Origin header", code: "ORIGIN_REFUSED" }];
  }
  if (authToken !== undefined && !isEqual(headers.authorization ?? "", `Bearer ${authToken}`)) {
    return [401, { message: "Cannot open the database: the bearer token is missing or wrong", code: "UNAUTHORIZED" }];
  }
  return undefined;
}

/** Takes the same time for every wrong token. */
function isEqual(actual: string, expected: string): boolean {
  return timingSafeEqual(hash("sha256", actual, "buffer"), hash("sha256", expected, "buffer"));
}

async function answer(request: IncomingMessage, streams: Streams, context: AnswerContext): Promise<Reply> {
  const version = Number(PIPELINE.exec(request.url ?? "")?.[1]);
  const { baton, requests } = parsePipeline(await readBody(request));
  // A stream that is open already has its connection, and may hold the lock that the others wait for.
  if (context.isFull && typeof baton !== "string") {
    return TOO_MANY;
  }
  const stream = typeof baton === "string" ? streams.resume(baton) : streams.open();
  try {
    const results = await runPipeline(stream, requests, { ...context, version });
    if (context.isAbandoned()) {
      stream.close();
    }
    return [200, { baton: stream.isClosed ? null : streams.park(stream), base_url: null, results }];
  } catch (error) {
    stream.close();
    throw error;
  }
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => resolve(body));
    request.on("error", reject);
  });
}

/** Checks the outer shape. Requests are checked when they run, so an invalid one can follow others that have run. */
function parsePipeline(body: string): Pipeline {
  let pipeline: Pipeline | null;
  try {
    pipeline = JSON.parse(body);
  } catch {
    throw new MalformedPipeline("the body is not JSON");
  }
  if (!Array.isArray(pipeline?.requests)) {
    throw new MalformedPipeline("it has no array of requests");
  }
  return pipeline;
}

function failureReply(error: unknown, isClosing: boolean): Reply {
  if (error instanceof MalformedPipeline) {
    return [400, { message: `Cannot read the pipeline: ${error.message}`, code: "MALFORMED_REQUEST" }];
  }
  if (error instanceof HranaFailure) {
    return [400, { message: error.message, code: error.code }];
  }
  if (error instanceof ForwardFailure) {
    return [error.status, { message: error.message, code: "PROXY_ERROR" }];
  }
  if (isClosing) {
    return [503, { message: "Cannot answer: the server is closing", code: "SERVER_CLOSING" }];
  }
  process.stderr.write(`database request failed: ${error instanceof Error ? error.message : "unknown error"}\n`);
  return [500, { message: "Cannot answer: the server failed", code: "INTERNAL_ERROR" }];
}

function send(response: ServerResponse, [status, body]: Reply): void {
  const json = JSON.stringify(body);
  // The client compares the content type exactly. Node sends a string together with the head, but a buffer separately.
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(json) });
  response.end(json);
}
