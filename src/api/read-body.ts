import { abortable } from "../store/abortable.ts";

export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: "too_large" | "too_slow" | "unreadable" };

const TOO_SLOW = { ok: false, reason: "too_slow" } as const;

/** Initial size of the buffer. */
const FIRST_BYTES = 4096;

/** A body with a Content-Length of at most this is read in one call, which takes half the time. Nearly all bodies are. */
const SHORT_BYTES = 16_384;

/**
 * Reads a request's body of at most `maxBytes` bytes. A wrong or missing Content-Length costs no memory, nor do bytes that
 * arrive one by one.
 *
 * Stops when `signal` fires: too slow. Rejects with its reason if it had fired before.
 */
export async function readBody(request: Request, maxBytes: number, signal: AbortSignal): Promise<Body> {
  const declared = request.headers.get("content-length");
  if (Number(declared ?? 0) > maxBytes) return { ok: false, reason: "too_large" };
  signal.throwIfAborted();
  const isShort = declared !== null && /^\d{1,5}$/.test(declared) && Number(declared) <= SHORT_BYTES;
  return await (isShort ? readAtOnce(request, maxBytes, signal) : readByChunks(request, maxBytes, signal));
}

/** The server ends a message at its Content-Length (RFC 9112, section 6.3), so this read is bounded too. */
async function readAtOnce(request: Request, maxBytes: number, signal: AbortSignal): Promise<Body> {
  try {
    const bytes = new Uint8Array(await abortable(request.arrayBuffer(), signal));
    return bytes.length > maxBytes ? { ok: false, reason: "too_large" } : { ok: true, bytes };
  } catch {
    return signal.aborted ? TOO_SLOW : { ok: false, reason: "unreadable" };
  }
}

async function readByChunks(request: Request, maxBytes: number, signal: AbortSignal): Promise<Body> {
  const reader = request.body?.getReader();
  // Not awaited here and below: a client may never finish sending.
  const giveUp = (): void => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", giveUp);
  let bytes = new Uint8Array(Math.min(FIRST_BYTES, maxBytes));
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      const next = length + chunk.value.length;
      if (next > maxBytes) {
        giveUp();
        return { ok: false, reason: "too_large" };
      }
      // Copied right away: a chunk of one byte may keep a large buffer alive.
      if (next > bytes.length) bytes = grown(bytes, Math.min(maxBytes, Math.max(next, 2 * bytes.length)));
      bytes.set(chunk.value, length);
      length = next;
    }
  } catch {
    // In workerd, canceling rejects a pending read of a request's body. By the Streams standard it ends it.
    return signal.aborted ? TOO_SLOW : { ok: false, reason: "unreadable" };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return signal.aborted ? TOO_SLOW : { ok: true, bytes: bytes.subarray(0, length) };
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
