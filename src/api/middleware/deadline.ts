import { createMiddleware } from "hono/factory";
import { limitRequests } from "../../store/limit-requests.ts";
import type { AppEnv } from "../app-env.ts";
import { watchedStore } from "../watched-store.ts";
import { startDeadline } from "../start-deadline.ts";

/** Bounds the request: its time, and its number of database requests. */
export const deadline = createMiddleware<AppEnv>(async (c, next) => {
  const { platform, requestTimeoutMs } = c.env;
  using started = startDeadline(platform, requestTimeoutMs, c.req.raw.signal);
  c.set("attempts", started.attempts);
  c.set(
    "store",
    limitRequests(watchedStore(c.env, c.get("requestId")), () => platform.now()),
  );
  await next();
});
