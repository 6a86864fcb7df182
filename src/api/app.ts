import { Hono } from "hono";
import { nexus } from "./nexus/nexus.ts";
import type { Service } from "./service.ts";

/** The whole service as one `fetch`: doors side by side. */
export function createApp(service: Service): Hono {
  return new Hono().route("/", nexus(service));
}
