import { Hono } from "hono";
import { answerException } from "./answer-exception.ts";
import type { AppEnv } from "./app-env.ts";
import { audit } from "./middleware/audit.ts";
import { deadline } from "./middleware/deadline.ts";
import { rateLimit } from "./middleware/rate-limit.ts";
import { requestId } from "./middleware/request-id.ts";
import { rootKeys } from "./middleware/root-keys.ts";
import { handleAction } from "./nexus/handle-action.ts";
import { OPERATIONS } from "./nexus/operations.ts";
import { healthz } from "./ops/healthz.ts";
import { readyz } from "./ops/readyz.ts";
import { refuseUnknownTarget } from "./refuse-target.ts";
import { rawPath } from "./target.ts";

/** The whole service as one Hono app. Pass the {@link Service} as the bindings: `app.fetch(request, service)`. */
export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: rawPath });
  app.use(requestId, audit);
  // Before the rate limit: a load balancer must not restart a worker because of its other clients.
  app.get("/healthz", healthz);
  app.use(deadline, rateLimit);
  app.get("/readyz", readyz);
  // SPIKE answers 503 to every POST without its root key, whether the operation exists or not.
  app.post("*", rootKeys);
  for (const [path, actions] of Object.entries(OPERATIONS)) app.post(path, handleAction(actions));
  app.notFound(refuseUnknownTarget);
  app.onError(answerException);
  return app;
}
