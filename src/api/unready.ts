import { Hono } from "hono";
import { HEALTHY } from "./ops/ops.ts";
import { NOT_READY } from "./ops/readyz.ts";
import { requestIdOf } from "./request-id.ts";
import { respond, retryAfter } from "./respond.ts";
import type { Platform } from "./service.ts";
import { targetOf } from "./target.ts";

/**
 * What is served instead while the environment does not make a service: upstream's 503 on every POST, and for the
 * operator all that is wrong, by name.
 */
export function createUnreadyApp(problems: readonly string[], platform: Platform): Hono {
  const app = new Hono();
  const unready = (traceId: string, body: object): Response => {
    platform.log({ level: "error", event: "not_configured", requestId: traceId, detail: problems.join("; ") });
    return retryAfter(respond(503, body, traceId), platform.random());
  };
  app.all("*", (context) => {
    const { method } = context.req;
    const traceId = requestIdOf(context.req.raw, platform);
    const target = targetOf(context.req.url);
    const asks = (path: string): boolean => target?.path === path && (method === "GET" || method === "HEAD");
    const response = asks("/healthz")
      ? respond(200, HEALTHY, traceId)
      : asks("/readyz")
        ? unready(traceId, NOT_READY)
        : method === "POST"
          ? unready(traceId, { err: "state_not_ready" })
          : respond(400, { err: "api_bad_request" }, traceId);
    const { status } = response;
    const outcome = status === 200 ? "ok" : status === 503 ? "not_configured" : "no_such_operation";
    const none = { roundTrips: 0, databaseMs: 0, durationMs: 0 };
    platform.audit({ traceId, action: asks("/healthz") ? "ops.healthz" : "none", outcome, status, ...none });
    return response;
  });
  return app;
}
