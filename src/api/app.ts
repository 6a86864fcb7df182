import { Hono } from "hono";
import { nexus } from "./nexus/nexus.ts";
import { ops } from "./ops/ops.ts";
import type { Service } from "./service.ts";

/** The whole service as one `fetch`: doors side by side. */
export function createApp(service: Service): Hono {
  return new Hono().route("/", ops(service)).route("/", nexus(service));
}
