import { createClient } from "@libsql/client/web";
import { StoreUnavailable } from "../store-unavailable.ts";
import { checkAnswer } from "./check-answer.ts";
import { meaningOfStatus } from "./error-meaning.ts";
import { type Execute, type Mode, runOn } from "./execute.ts";
import { toDetail, toUnavailable } from "./to-unavailable.ts";

type Fetch = (request: Request, init: RequestInit) => Promise<Response>;

/**
 * Runs statements on a libSQL server over HTTP, one POST each time.
 *
 * Each call makes a driver client of its own, so no connection, stream or promise outlives the request that it was made for.
 */
export function remoteExecute(
  database: {
    readonly url: string;
    readonly authToken?: string;
    /** The server may be a replica: it is made to forward reads to its primary. */
    readonly forwardsReads?: boolean;
  },
  fetch: Fetch,
): Execute {
  const { forwardsReads = false, ...server } = database;
  const config = { ...server, url: asFolder(database.url) };
  return async (statements, kind, signal) => {
    const mode = kind === "read" && forwardsReads ? "forwarded" : kind;
    const count = mode === "forwarded" ? statements.length + 1 : statements.length;
    // The driver passes its custom `fetch` a Request and nothing else.
    const send = async (request: Request): Promise<Response> => {
      // Following a redirect would hand the statements, with their values, to another host.
      const response = await fetch(request, { signal, redirect: "manual" });
      return await checked(response, { count, mode });
    };
    try {
      return await runOn(createClient({ ...config, fetch: send }), statements, mode);
    } catch (error) {
      const failure = toUnavailable(error, mode, signal);
      // A forwarded read is a batch, but it changes nothing.
      throw mode === "write" ? failure : failure.withoutEffect();
    }
  };
}

/** The driver resolves its path against the URL, which replaces a last segment without a slash. */
function asFolder(text: string): string {
  const url = new URL(text);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

/** Checks the answer before the driver gets it. */
async function checked(response: Response, batch: { readonly count: number; readonly mode: Mode }): Promise<Response> {
  if (!response.ok) throw await ofStatus(response, batch.mode);
  const answer: unknown = await response.json();
  checkAnswer(answer, batch);
  // The driver only calls `json()`, so the body is parsed once.
  return Object.defineProperty(response, "json", { value: async () => await Promise.resolve(answer) });
}

/**
 * The driver treats a JSON body with a SQLite code as the database's own error. But a proxy may have sent it without
 * knowing whether the statements were run, so the outcome is unknown whatever the body contains.
 */
async function ofStatus(response: Response, mode: Mode): Promise<StoreUnavailable> {
  const { status, headers } = response;
  const meaning = meaningOfStatus(status, await textOf(response));
  const outcome = mode === "write" ? "unknown" : "none";
  const detail = toDetail(`HTTP ${status}`, meaning);
  return new StoreUnavailable(meaning.reason, outcome, detail, { retryAfterMs: retryAfterIn(headers) });
}

/** The text decides what a status means, and never gets into a log: it may quote the request. */
async function textOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch {
    // The connection broke within the body. The status still counts.
    return "";
  }
}

/** `Retry-After` in seconds. Its other form, a date, is ignored: no server of this protocol sends it. */
function retryAfterIn(headers: Headers): number | undefined {
  const seconds = /^\d{1,6}$/.exec(headers.get("retry-after") ?? "")?.[0];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
