export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: "too_large" | "unreadable" };

/** What is set aside before anything has come. */
const FIRST_BYTES = 4096;

/** A body that says it is no longer than this is read in one go, which takes half the time; nearly all are. */
const SHORT_BYTES = 16_384;

/**
 * Reads a request's body, and no more of it than `most` bytes: neither a lying nor a missing length costs memory, nor do
 * bytes that come one by one. A body that does not end in time is given up. Rejects with the reason of `signal` once that
 * has fired.
 */
export async function readBody(request: Request, most: number, signal: AbortSignal): Promise<Body> {
  const declared = request.headers.get("content-length");
  if (Number(declared ?? 0) > most) return { ok: false, reason: "too_large" };
  signal.throwIfAborted();
  const isShort = declared !== null && /^\d{1,5}$/.test(declared) && Number(declared) <= SHORT_BYTES;
  return await (isShort ? readAtOnce(request, most, signal) : readByChunks(request, most, signal));
}

/** The length of a message is where the server ends it (RFC 9112, section 6.3), so that this is bounded as well. */
async function readAtOnce(request: Request, most: number, signal: AbortSignal): Promise<Body> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    const bytes = new Uint8Array(await Promise.race([request.arrayBuffer(), stopped]));
    return bytes.length > most ? { ok: false, reason: "too_large" } : { ok: true, bytes };
  } catch {
    signal.throwIfAborted();
    return { ok: false, reason: "unreadable" };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function readByChunks(request: Request, most: number, signal: AbortSignal): Promise<Body> {
  const reader = request.body?.getReader();
  // Not awaited, here and below: a client may never finish sending.
  const giveUp = (): void => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", giveUp);
  let bytes = new Uint8Array(Math.min(FIRST_BYTES, most));
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      const next = length + chunk.value.length;
      if (next > most) {
        giveUp();
        return { ok: false, reason: "too_large" };
      }
      // Copied at once: a chunk of one byte may keep a whole buffer alive.
      if (next > bytes.length) bytes = grown(bytes, Math.min(most, Math.max(next, 2 * bytes.length)));
      bytes.set(chunk.value, length);
      length = next;
    }
  } catch {
    return { ok: false, reason: "unreadable" };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  signal.throwIfAborted();
  return { ok: true, bytes: bytes.subarray(0, length) };
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
