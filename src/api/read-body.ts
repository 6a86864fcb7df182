export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: "too_large" | "unreadable" };

/**
 * Reads a request's body, and no more of it than `most` bytes: neither a lying nor a missing length costs memory. A body
 * that does not end in time is given up. Rejects with the reason of `signal` once that has fired.
 */
export async function readBody(request: Request, most: number, signal: AbortSignal): Promise<Body> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > most) return { ok: false, reason: "too_large" };
  const reader = request.body?.getReader();
  // Not awaited, here and below: a client may never finish sending.
  const giveUp = (): void => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", giveUp);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      length += chunk.value.length;
      if (length > most) {
        giveUp();
        return { ok: false, reason: "too_large" };
      }
      chunks.push(chunk.value);
    }
  } catch {
    return { ok: false, reason: "unreadable" };
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  signal.throwIfAborted();
  return { ok: true, bytes: join(chunks, length) };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
