import type { RequestScope } from "./request-scope.ts";
import { respond, retryAfter } from "./respond.ts";
import type { Service } from "./service.ts";

/** The shortest period that the platform's counters have, in seconds. */
const RATE_PERIOD = 10;

/** 429, whatever was asked for: it was not looked at. */
export function tooMany(scope: RequestScope, service: Service): Response {
  scope.trail.outcome = "rate_limited";
  return retryAfter(respond(429, { err: "rate_limited" }, scope.id), service.platform.random(), RATE_PERIOD);
}
