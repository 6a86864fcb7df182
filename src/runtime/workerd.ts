import { env } from "cloudflare:workers";
import { compose } from "./compose.ts";

/** Composed once per isolate, from the environment only. Keeps nothing of any request. */
const app = await compose({ ...env });

export default {
  fetch: async (request, bindings, context) => await app.fetch(request, bindings, context),
  scheduled: async ({ scheduledTime }) => await app.scheduled(scheduledTime),
} satisfies ExportedHandler<Env>;
