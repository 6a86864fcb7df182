import type { Context } from "hono";
import type { BaseEnv } from "../app-env.ts";
import { respond } from "../respond.ts";

/**
 * `GET /healthz`: the worker answers. Does not check the database, because restarting workers would not repair it. SPIKE has
 * no counterpart.
 */
export function healthz(c: Context<BaseEnv>): Response {
  c.get("trail").action = "ops.healthz";
  return respond(200, { status: "ok" }, c.get("requestId"));
}
