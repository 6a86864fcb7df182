import { Hono } from "hono";
import { requestIdOf } from "./request-id.ts";
import { respond, retryAfter } from "./respond.ts";
import type { World } from "./service.ts";

/**
 * What is served instead while the environment does not make a service: upstream's 503 on every POST, and for the
 * operator all that is wrong, by name.
 */
export function createUnreadyApp(problems: readonly string[], world: World): Hono {
  const app = new Hono();
  app.all("*", (context) => {
    const requestId = requestIdOf(context.req.raw, world);
    if (context.req.method !== "POST") return respond(400, { err: "api_bad_request" }, requestId);
    world.log({ level: "error", event: "not_configured", requestId, detail: problems.join("; ") });
    return retryAfter(respond(503, { err: "state_not_ready" }, requestId), world.chance());
  });
  return app;
}
