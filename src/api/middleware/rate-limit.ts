import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { addressOf, countRequest } from "../count-request.ts";

/** Counts the request by its address, before anything else of it is read. */
export const rateLimit = createMiddleware<AppEnv>(async (c, next) => {
  const { rateLimits, platform } = c.env;
  await countRequest(rateLimits.byAddress, addressOf(c.req.raw), { platform, requestId: c.get("requestId") });
  await next();
});
