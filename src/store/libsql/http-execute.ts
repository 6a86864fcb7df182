import { StoreUnavailable } from "../store-unavailable.ts";
import type { Execute, Mode } from "./execute.ts";
import { pipelineOf, resultsOf } from "./hrana.ts";
import { toUnavailable } from "./to-unavailable.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

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
      // A redirect would hand it to a stranger, and is no answer.
      const init = { method: "POST", headers, body: pipelineOf(statements, mode), signal, redirect: "manual" } as const;
      return resultsOf(await answerOf(await fetch(url, init), mode), statements.length, mode);
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

async function answerOf(response: Response, mode: Mode): Promise<unknown> {
  if (response.ok) return await response.json();
  // Whatever its body says: it may come from something between here and the database.
  const outcome = mode === "write" ? "unknown" : "none";
  throw new StoreUnavailable("status", outcome, `HTTP ${response.status}`);
}
