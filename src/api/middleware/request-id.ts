import { createMiddleware } from "hono/factory";
import type { BaseEnv } from "../app-env.ts";
import { traceIdOf } from "../trace-id.ts";

/** Names the request. Its answer has the name in `X-Request-Id`, every log line about it in `requestId` or `traceId`. */
export const requestId = createMiddleware<BaseEnv>(async (c, next) => {
  c.set("requestId", traceIdOf(c.req.raw, c.env.platform));
  await next();
});
