import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "../command/command-error.ts";
import type { Answer } from "./answer.ts";

/** A request got no answer: whether it was carried out is not known. */
export class Unanswered extends CommandError {
  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const detail = reason instanceof Error ? reason.message || reason.name : String(reason);
    super(`Cannot ask "${url}": no answer (${detail})`, { exitCode: 1, cause });
  }
}

interface Post {
  readonly token: string;
  readonly body: object;
  /** `Idempotency-Key`, for writes. */
  readonly key?: string | undefined;
}

/**
 * Sends a request, and sends it again, under the same key, for as long as the service asks for it by a 503.
 *
 * @throws Unanswered
 */
export async function post(url: string, { token, body, key }: Post, signal: AbortSignal): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, ...(key !== undefined && { "idempotency-key": key }) };
  for (;;) {
    const { status, retryAfter, text } = await ask(url, { headers, body: JSON.stringify(body) }, signal);
    if (status !== 503) return { status, body: parse(url, text) };
    await pause(retryAfter * 1000, undefined, { signal });
  }
}

async function ask(
  url: string,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly retryAfter: number; readonly text: string }> {
  try {
    const response = await fetch(url, { method: "POST", ...request, signal });
    const { status, headers } = response;
    return { status, retryAfter: Number(headers.get("retry-after") ?? 1), text: await response.text() };
  } catch (error) {
    signal.throwIfAborted();
    throw new Unanswered(url, error);
  }
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `Cannot use the answer of "${url}": ${JSON.stringify(text)} is no JSON`;
    throw new CommandError(message, { exitCode: 1, cause: error });
  }
}
