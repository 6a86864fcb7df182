import { type Context, Hono } from "hono";
import { answerException } from "./answer-exception.ts";
import type { BaseEnv } from "./app-env.ts";
import { audit } from "./middleware/audit.ts";
import { requestId } from "./middleware/request-id.ts";
import { healthz } from "./ops/healthz.ts";
import { NOT_READY } from "./ops/readyz.ts";
import { refuseUnexplained } from "./refuse-target.ts";
import { respond, retryAfter } from "./respond.ts";
import { rawPath } from "./target.ts";

/**
 * The app of a broken configuration: 503 to every POST, as SPIKE without its root key. The operator's log lists the problems
 * by name.
 */
export function createUnreadyApp(problems: readonly string[]): Hono<BaseEnv> {
  const unready = (c: Context<BaseEnv>, body: object): Response => {
    const { platform } = c.env;
    const id = c.get("requestId");
    c.get("trail").outcome = "not_configured";
    platform.log({ level: "error", event: "not_configured", requestId: id, detail: problems.join("; ") });
    return retryAfter(respond(503, body, id), platform.random());
  };
  const app = new Hono<BaseEnv>({ getPath: rawPath });
  app.use(requestId, audit);
  app.get("/healthz", healthz);
  app.get("/readyz", (c) => unready(c, NOT_READY));
  app.post("*", (c) => unready(c, { err: "state_not_ready" }));
  app.notFound(refuseUnexplained);
  app.onError(answerException);
  return app;
}
