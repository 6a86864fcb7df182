import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../command/command-error.ts";
import { BOOKMARK_HEADER } from "../../src/api/nexus/read-bookmarks.ts";
import type { ApiResponse } from "./response.ts";

/** A request got no response. The service may or may not have executed it. */
export class NoResponseError extends CommandError {
  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const detail = reason instanceof Error ? reason.message || reason.name : String(reason);
    super(`Cannot call "${url}": no response (${detail})`, { exitCode: 1, cause });
  }
}

interface PostRequest {
  readonly token: string;
  readonly body: object;
  /** `Idempotency-Key` of a write. */
  readonly key?: string | undefined;
  /** `Spike-Bookmark`: the response must not be older. */
  readonly bookmark?: string | undefined;
}

/**
 * Sends a request. While the service responds with 503, sends it again with the same `Idempotency-Key`.
 *
 * @throws NoResponseError
 */
export async function post(
  url: string,
  { token, body, key, bookmark }: PostRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<ApiResponse> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(key !== undefined && { "idempotency-key": key }),
    ...(bookmark !== undefined && { [BOOKMARK_HEADER]: bookmark }),
  };
  const request: RequestInit = { method: "POST", headers, body: JSON.stringify(body), signal };
  for (;;) {
    const { status, retryAfter, text, bookmark: received } = await send(url, request);
    if (status !== 503) return { status, body: parse(url, text), bookmark: received };
    await delay(retryAfter * 1000, undefined, { signal });
  }
}

interface Received {
  readonly status: number;
  readonly retryAfter: number;
  readonly bookmark: string | undefined;
  readonly text: string;
}

async function send(url: string, request: RequestInit): Promise<Received> {
  try {
    const response = await fetch(url, request);
    const { status, headers } = response;
    const retryAfter = Number(headers.get("retry-after") ?? 1);
    const bookmark = headers.get(BOOKMARK_HEADER) ?? undefined;
    return { status, retryAfter, bookmark, text: await response.text() };
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new NoResponseError(url, error);
  }
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `Cannot use the response of "${url}": ${JSON.stringify(text)} is not JSON`;
    throw new CommandError(message, { exitCode: 1, cause: error });
  }
}
