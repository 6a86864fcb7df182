import { StoreUnavailable } from "../store-unavailable.ts";
import type { Execute, Mode } from "./execute.ts";
import { pipelineOf, resultsOf } from "./hrana.ts";
import { toUnavailable } from "./to-unavailable.ts";

type Fetch = (request: Request, init: RequestInit) => Promise<Response>;

/**
 * Batches over HTTP, one POST each. No connection, stream or promise of one request is ever met by another.
 *
 * Not by the driver: making one of its clients for each request, and the objects that it makes of each answer, cost more than
 * all the rest of a read (decision 0017).
 */
export function httpExecute(database: { readonly url: string; readonly authToken?: string }, fetch: Fetch): Execute {
  const url = pipelineUrl(database.url);
  const headers = {
    "Content-Type": "application/json",
    ...(database.authToken !== undefined && { Authorization: `Bearer ${database.authToken}` }),
  };
  return async (statements, mode, signal) => {
    try {
      const request = new Request(url, { method: "POST", headers, body: pipelineOf(statements, mode) });
      return resultsOf(await send(fetch, request, { mode, signal }), statements.length, mode);
    } catch (error) {
      throw toUnavailable(error, mode, signal);
    }
  };
}

/** Where pipelines go. `libsql:` is HTTPS, unless its one parameter says otherwise. */
function pipelineUrl(text: string): string {
  const url = new URL(text);
  const plain = url.protocol === "http:" || url.searchParams.get("tls") === "0";
  return `${plain ? "http:" : "https:"}//${url.host}${url.pathname.replace(/\/$/, "")}/v2/pipeline`;
}

/** Sends one pipeline. A redirect would hand it to a stranger, and is no answer. */
async function send(
  fetch: Fetch,
  request: Request,
  { mode, signal }: { readonly mode: Mode; readonly signal: AbortSignal },
): Promise<unknown> {
  const response = await fetch(request, { signal, redirect: "manual" });
  if (response.ok) return await response.json();
  // Whatever its body says: it may come from something between here and the database.
  const outcome = mode === "write" ? "unknown" : "none";
  throw new StoreUnavailable("status", outcome, `HTTP ${response.status}`);
}
