import { Hono } from "hono";
import { nexus } from "./nexus/nexus.ts";
import { ops } from "./ops/ops.ts";
import type { Service } from "./service.ts";
import { targetOf } from "./target.ts";

/** The whole service as one `fetch`: doors side by side. */
export function createApp(service: Service): Hono {
  // Hono decodes paths, so that `/%68ealthz` would be another name of a door.
  return new Hono({ getPath: ({ url }) => targetOf(url)?.path ?? "" })
    .route("/", ops(service))
    .route("/", nexus(service));
}
