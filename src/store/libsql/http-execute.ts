import { createClient } from "@libsql/client/web";
import type { Execute } from "./execute.ts";
import { toUnavailable } from "./to-unavailable.ts";

/**
 * Batches over HTTP, one POST each. A client is made for each call: it costs next to nothing, and no connection,
 * stream or promise of one request is ever met by another.
 */
export function httpExecute(
  database: { readonly url: string; readonly authToken?: string },
  fetch: (request: Request, init: RequestInit) => Promise<Response>,
): Execute {
  return async (statements, mode, signal) => {
    const client = createClient({ ...database, fetch: async (request: Request) => await fetch(request, { signal }) });
    try {
      return await client.batch([...statements], mode);
    } catch (error) {
      throw toUnavailable(error, mode, signal);
    } finally {
      client.close();
    }
  };
}
