import { createClient } from "@libsql/client/web";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Execute, Mode } from "./execute.ts";
import { requireBatch } from "./require-batch.ts";
import { toUnavailable } from "./to-unavailable.ts";

type Fetch = (request: Request, init: RequestInit) => Promise<Response>;

/**
 * Batches over HTTP, one POST each. A client is made for each call: it costs next to nothing, and no connection,
 * stream or promise of one request is ever met by another.
 */
export function httpExecute(database: { readonly url: string; readonly authToken?: string }, fetch: Fetch): Execute {
  return async (statements, mode, signal) => {
    try {
      const batch = { count: statements.length, mode };
      const checked = async (request: Request): Promise<Response> => await send(fetch, request, { batch, signal });
      return await createClient({ ...database, fetch: checked }).batch([...statements], mode);
    } catch (error) {
      throw toUnavailable(error, mode, signal);
    }
  };
}

/** Sends one pipeline and looks at its answer before the driver does. A redirect would hand the batch to a stranger. */
async function send(
  fetch: Fetch,
  request: Request,
  options: { readonly batch: { readonly count: number; readonly mode: Mode }; readonly signal: AbortSignal },
): Promise<Response> {
  const { batch, signal } = options;
  const response = await fetch(request, { signal, redirect: "manual" });
  // Whatever its body says: it may come from something between here and the database.
  if (!response.ok) {
    const outcome = batch.mode === "write" ? "unknown" : "none";
    throw new StoreUnavailable("status", outcome, `HTTP ${response.status}`);
  }
  const answer: unknown = await response.json();
  requireBatch(answer, batch.count, batch.mode);
  // The driver asks for the body as JSON and for nothing else: it need not be parsed twice.
  return Object.defineProperty(response, "json", { value: async () => answer });
}
