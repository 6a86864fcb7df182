export type Body =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: "too_large" | "unreadable" };

/** Reads a request's body, and no more of it than `most` bytes: neither a lying nor a missing length costs memory. */
export async function readBody(request: Request, most: number): Promise<Body> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > most) return { ok: false, reason: "too_large" };
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) break;
      length += chunk.value.length;
      if (length > most) {
        // Not awaited: the client may never finish sending.
        void reader?.cancel().catch(() => undefined);
        return { ok: false, reason: "too_large" };
      }
      chunks.push(chunk.value);
    }
  } catch {
    return { ok: false, reason: "unreadable" };
  }
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
