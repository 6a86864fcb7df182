import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { readKeys } from "../read-keys.ts";
import { respond, retryAfter } from "../respond.ts";

/** Reads the keys of the request. Without keys every operation is 503, as in SPIKE until its root key is restored. */
export const rootKeys = createMiddleware<AppEnv>(async (c, next) => {
  const requestId = c.get("requestId");
  const keys = await readKeys(c.env, { signal: c.get("attempts").deadline, requestId });
  if (keys === undefined) {
    c.get("trail").outcome = "not_configured";
    return retryAfter(respond(503, { err: "state_not_ready" }, requestId), c.env.platform.random());
  }
  c.set("keys", keys);
  await next();
});
