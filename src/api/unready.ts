import { Hono } from "hono";
import type { Log } from "./log.ts";

/**
 * What is served instead while the environment does not make a service: upstream's 503 on every POST, and for the
 * operator all that is wrong, by name.
 */
export function createUnreadyApp(problems: readonly string[], log: Log): Hono {
  const app = new Hono();
  app.post("*", (context) => {
    log({ level: "error", event: "not_configured", detail: problems.join("; ") });
    return context.json({ err: "state_not_ready" }, 503, { "Cache-Control": "no-store", "Retry-After": "30" });
  });
  app.notFound((context) => context.json({ err: "api_bad_request" }, 400, { "Cache-Control": "no-store" }));
  return app;
}
