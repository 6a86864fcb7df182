import type { Context } from "hono";
import type { BaseEnv } from "./app-env.ts";
import { respond } from "./respond.ts";

/** The answer to every request that is not an operation: 400, as SPIKE sends it, not 404. */
export function noSuchOperation<E extends BaseEnv>(c: Context<E>): Response {
  c.get("trail").outcome = "no_such_operation";
  return respond(400, { err: "api_bad_request" }, c.get("requestId"));
}
