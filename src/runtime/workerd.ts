import { env } from "cloudflare:workers";
import { compose } from "./compose.ts";

/** Made from the environment alone, once an isolate; nothing of a request ever gets into it. */
const app = await compose({ ...env });

export default {
  fetch: async (request, bindings, context) => await app.fetch(request, bindings, context),
  scheduled: async ({ scheduledTime }) => await app.scheduled(scheduledTime),
} satisfies ExportedHandler<Env>;
