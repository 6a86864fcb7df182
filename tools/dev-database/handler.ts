import type { IncomingMessage, ServerResponse } from "node:http";
import { tokenCheck } from "./authorize.ts";
import { readBody } from "./body.ts";
import { success, type HranaError } from "./outcome.ts";
import { parsePipeline } from "./parse-pipeline.ts";
import { AbandonedError } from "./patience.ts";
import { runPipeline } from "./pipeline.ts";
import type { HranaVersion } from "./request.ts";
import type { Stream } from "./stream.ts";
import type { Streams } from "./streams.ts";

export interface HandlerOptions {
  readonly streams: Streams;
  readonly authToken: string | undefined;
  readonly busyTimeoutMs: number;
  readonly isClosing: () => boolean;
}

type Reply = readonly [status: number, body: unknown];

const LONGEST_BODY = 32 * 1024 * 1024;
const PROBES = new Set(["/health", "/v2", "/v3"]);
const PIPELINES: ReadonlyMap<string, HranaVersion> = new Map([
  ["/v2/pipeline", 2],
  ["/v3/pipeline", 3],
]);

/** The HTTP door: routes a request, and never rejects. */
export function createHandler(
  options: HandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const isAuthorized = tokenCheck(options.authToken);
  return async (request, response) => {
    try {
      const [path = ""] = (request.url ?? "").split("?", 1);
      const version = PIPELINES.get(path);
      if (version === undefined) {
        send(response, probe(request.method, path));
      } else {
        const refusal = refuse(request, isAuthorized);
        send(response, refusal ?? (await pipeline(request, response, { ...options, version })));
      }
    } catch (error) {
      fail(response, error);
    }
  };
}

function probe(method: string | undefined, path: string): Reply {
  if (!PROBES.has(path)) {
    return [404, { message: "Cannot find this path: the server speaks Hrana 2 and 3 in JSON", code: "NOT_FOUND" }];
  }
  return method === "GET" ? [200, {}] : METHOD_NOT_ALLOWED;
}

const METHOD_NOT_ALLOWED: Reply = [405, { message: "Cannot use this method here", code: "METHOD_NOT_ALLOWED" }];

function refuse(request: IncomingMessage, isAuthorized: (header: string | undefined) => boolean): Reply | undefined {
  if (request.method !== "POST") {
    return METHOD_NOT_ALLOWED;
  }
  // Only browsers send Origin, on every POST: without this any web page could reach a database that asks no token.
  if (request.headers.origin !== undefined) {
    return [403, { message: "Cannot serve web pages: the request names an origin", code: "ORIGIN_REFUSED" }];
  }
  if (!isAuthorized(request.headers.authorization)) {
    return [401, { message: "Cannot open the database: the bearer token is missing or wrong", code: "UNAUTHORIZED" }];
  }
  return undefined;
}

async function pipeline(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions & { readonly version: HranaVersion },
): Promise<Reply> {
  const body = await readBody(request, LONGEST_BODY);
  if (body === undefined) {
    return [413, { message: `Cannot read the pipeline: it is longer than ${LONGEST_BODY} bytes`, code: "TOO_LARGE" }];
  }
  const parsed = parsePipeline(body, options.version);
  if (!parsed.ok) {
    return [400, parsed.error];
  }
  const { baton, requests } = parsed.value;
  const stream = baton === undefined ? success(options.streams.open()) : options.streams.resume(baton);
  if (!stream.ok) {
    return [400, stream.error];
  }
  const isAbandoned = (): boolean => response.destroyed || options.isClosing();
  const patience = { busyTimeoutMs: options.busyTimeoutMs, isAbandoned };
  const results = await discardOnError(stream.value, () => runPipeline(stream.value, requests, patience));
  return [200, { baton: parkUnlessDone(stream.value, options.streams, isAbandoned), base_url: null, results }];
}

function parkUnlessDone(stream: Stream, streams: Streams, isAbandoned: () => boolean): string | null {
  if (!stream.isClosed && isAbandoned()) {
    stream.discard();
  }
  return stream.isClosed ? null : streams.park(stream);
}

async function discardOnError<T>(stream: Stream, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    stream.discard();
    throw error;
  }
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.destroyed) {
    return;
  }
  if (error instanceof AbandonedError) {
    send(response, [503, { message: "Cannot answer: the server is closing", code: "SERVER_CLOSING" }]);
    return;
  }
  const body: HranaError = { message: "Cannot answer: the server failed", code: "INTERNAL_ERROR" };
  process.stderr.write(`database request failed: ${error instanceof Error ? error.message : "unknown error"}\n`);
  send(response, [500, body]);
}

function send(response: ServerResponse, [status, body]: Reply): void {
  if (response.destroyed) {
    return;
  }
  const text = JSON.stringify(body);
  // Exactly this content type: the client compares it without looking for parameters.
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  // A string and no buffer, which Node would send as a second piece.
  response.end(text);
}
