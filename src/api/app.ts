import { Hono } from "hono";
import { nexus } from "./nexus/nexus.ts";
import { logException } from "./log-exception.ts";
import { ops } from "./ops/ops.ts";
import { requestIdOf } from "./request-id.ts";
import { respond } from "./respond.ts";
import type { Service } from "./service.ts";
import { targetOf } from "./target.ts";

/** The whole service as one `fetch`: doors side by side. */
export function createApp(service: Service): Hono {
  // Hono decodes paths, so that `/%68ealthz` would be another name of a door.
  const app = new Hono({ getPath: ({ url }) => targetOf(url)?.path ?? "" })
    .route("/", ops(service))
    .route("/", nexus(service));
  // The doors answer whatever breaks in them. What breaks outside must not be printed with its message, as Hono does.
  app.onError((error, context) => {
    const requestId = requestIdOf(context.req.raw, service.platform);
    service.platform.log({ event: "request_failed", requestId, ...logException(error) });
    return respond(500, { err: "api_internal_error" }, requestId);
  });
  return app;
}
