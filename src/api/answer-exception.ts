import type { Context } from "hono";
import { BookmarkRefused } from "../commit/bookmark/bookmark-refused.ts";
import type { BaseEnv } from "./app-env.ts";
import { logException } from "./log-exception.ts";
import { wireException } from "./nexus/wire-error.ts";
import { RateLimited } from "./count-request.ts";
import { respond, retryAfter } from "./respond.ts";

/** The shortest period of Cloudflare's rate limiting counters, in seconds. */
const RATE_PERIOD = 10;

/**
 * Answers a request whose processing threw. The operator's log has the reason. The answer never contains the error's
 * message, which may quote a value.
 */
export function answerException<E extends BaseEnv>(error: unknown, c: Context<E>): Response {
  const { platform } = c.env;
  const trail = c.get("trail");
  const requestId = c.get("requestId");
  if (error instanceof RateLimited) {
    trail.outcome = "rate_limited";
    return retryAfter(respond(429, { err: "rate_limited" }, requestId), platform.random(), RATE_PERIOD);
  }
  const line = logException(error);
  trail.outcome = line.reason;
  const event = error instanceof BookmarkRefused ? error.reason : "request_failed";
  platform.log({ event, requestId, ...line });
  const { status, err } = wireException(error);
  const response = respond(status, errorBody(err, c), requestId);
  return status === 503 ? retryAfter(response, platform.random()) : response;
}

function errorBody<E extends BaseEnv>(err: string, c: Context<E>): object {
  const ofOperation: BaseEnv["Variables"]["errorBody"] = c.get("errorBody");
  if (ofOperation !== undefined && !c.finalized) return ofOperation(err);
  // A middleware failed after the operation had answered. Hono would merge the headers of that answer into the new one.
  if (c.finalized) c.res = undefined;
  return { err };
}
