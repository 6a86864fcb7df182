import { Agent, request as httpRequest } from "node:http";
import type { BookmarkError, Exchange, Request } from "../history/history.ts";
import { type Bookmark, parseBookmark } from "./bookmark.ts";
import { encodeRequest, parseResult } from "./wire.ts";

export interface SendOptions {
  readonly url: string;
  readonly worker: number;
  readonly trace: string;
  readonly token: string;
  readonly key: string | undefined;
  /** Undefined if the client sends no bookmark. An empty list only requests one. */
  readonly bookmarks: readonly Bookmark[] | undefined;
  /** Reset the connection after this time. workerd does not notice a connection that is only half closed. */
  readonly disconnectAfterMs: number | undefined;
}

/** More than two of the service's deadlines, because a proxy may send a request twice. */
const TIMEOUT_MS = 25_000;
/** The error codes that the service may send with a status. */
const ERROR_CODES: Readonly<Record<number, RegExp>> = {
  401: /"err":"access_unauthorized"/,
  404: /"err":"api_not_found"/,
  409: /"err":"version_conflict"/,
  422: /"err":"idempotency_key_reused"/,
  503: /"err":"(?:store_unavailable|state_not_ready)"/,
};
const BOOKMARK_ERROR = /"err":"(other_store|store_replaced|bookmark_expired|store_behind|store_went_back)"/;
const HEADER = "spike-bookmark";
/** Recorded for a body that does not fit its status. The service never sends this status, so the checker reports it. */
const MALFORMED_RESPONSE = 418;

interface Response {
  readonly status: number;
  readonly text: string;
  readonly bookmark: string | undefined;
}

/** Sends requests over keep-alive connections. */
export class HttpTransport {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly now: () => number;
  /** Number of requests that timed out. */
  timeouts = 0;
  /** All bookmarks of a run are of one store and one generation. */
  private cluster: string | undefined;

  /** @param now milliseconds by the run's clock */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Never rejects: a missing response is an outcome. @param keep gets the bookmark of the response */
  async send(request: Request, options: SendOptions, keep: (bookmark: Bookmark) => void = ignore): Promise<Exchange> {
    const { worker, trace, bookmarks } = options;
    const invokedAt = this.now();
    const { status, text, bookmark: received } = await this.post(request, options);
    const sent = bookmarks && { sentBookmark: Math.max(0, ...bookmarks.map(({ revision }) => revision)) };
    const exchange = { invokedAt, completedAt: this.now(), worker, trace, ...sent };
    const bookmark = received === undefined ? undefined : parseBookmark(received);
    if (received !== undefined && (bookmark === undefined || !this.isOfThisStore(bookmark))) {
      return { ...exchange, status: MALFORMED_RESPONSE };
    }
    if (bookmark !== undefined) keep(bookmark);
    const withBookmark = { ...exchange, ...(bookmark && { receivedBookmark: bookmark.revision }) };
    if (status !== 200) return { ...withBookmark, ...refusalOf(status, text) };
    const result = parseResult(request, text);
    return result === undefined ? { ...exchange, status: MALFORMED_RESPONSE } : { ...withBookmark, status, result };
  }

  close(): void {
    this.agent.destroy();
  }

  private isOfThisStore({ cluster }: Bookmark): boolean {
    this.cluster ??= cluster;
    return cluster === this.cluster;
  }

  private async post(
    request: Request,
    { url, token, trace, key, bookmarks, disconnectAfterMs }: SendOptions,
  ): Promise<Response> {
    const { target, body } = encodeRequest(request);
    const text = JSON.stringify(body);
    return await new Promise((resolve) => {
      const fail = (): void => resolve({ status: 0, text: "", bookmark: undefined });
      const outgoing = httpRequest(`${url}${target}`, {
        method: "POST",
        agent: this.agent,
        headers: {
          authorization: `Bearer ${token}`,
          "content-length": Buffer.byteLength(text),
          traceparent: `00-${trace}-${trace.slice(16)}-01`,
          ...(key !== undefined && { "idempotency-key": key }),
          ...(bookmarks !== undefined && { [HEADER]: headerOf(bookmarks) }),
        },
      });
      const disconnect = setTimeout(() => {
        if (disconnectAfterMs === undefined) this.timeouts += 1;
        outgoing.socket?.resetAndDestroy();
        outgoing.destroy();
      }, disconnectAfterMs ?? TIMEOUT_MS);
      outgoing.once("close", () => clearTimeout(disconnect));
      outgoing.on("error", fail);
      outgoing.once("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", fail);
        incoming.once("close", () => {
          if (!incoming.complete) return fail();
          const bookmark = incoming.headers[HEADER];
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            bookmark: typeof bookmark === "string" ? bookmark : bookmark?.join(),
          });
        });
      });
      outgoing.end(text);
    });
  }
}

function headerOf(bookmarks: readonly Bookmark[]): string {
  return bookmarks.length === 0 ? "none" : bookmarks.map(({ text }) => text).join(", ");
}

function refusalOf(status: number, text: string): { readonly status: number; readonly bookmarkError?: BookmarkError } {
  const [, code] = BOOKMARK_ERROR.exec(text) ?? [];
  // The expression has exactly these codes.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  if (code !== undefined) return { status, bookmarkError: code as BookmarkError };
  return { status: ERROR_CODES[status]?.test(text) === false ? MALFORMED_RESPONSE : status };
}

function ignore(): void {
  // The client keeps no bookmarks.
}
