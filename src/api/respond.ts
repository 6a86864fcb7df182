/** A JSON answer with the headers that SPIKE sends with every answer (SPIKE SDK, net/respond.go). */
export function respond(status: number, body: string | object, requestId: string): Response {
  return new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/json",
      "Cache-Control": "no-store, no-cache, must-revalidate, private",
      Pragma: "no-cache",
      Expires: "0",
      "X-Request-Id": requestId,
    },
  });
}

/** A binary answer. SPIKE sends these without caching headers; we forbid caching, because a plaintext may be a secret. */
export function respondOctets(bytes: Uint8Array<ArrayBuffer>, requestId: string): Response {
  return new Response(bytes, {
    headers: {
      "Content-Type": "application/octet-stream",
      "Cache-Control": "no-store",
      "X-Request-Id": requestId,
    },
  });
}

/** An error in plain text, as Go's `http.Error` writes it. */
export function respondText(status: number, text: string, requestId: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      "X-Request-Id": requestId,
    },
  });
}

/**
 * Adds `Retry-After` with a random number of seconds from `min` on. Clients that were refused together must not come back
 * together.
 */
export function retryAfter(response: Response, random: number, min = 1): Response {
  response.headers.set("Retry-After", String(min + Math.floor(random * 4 * min)));
  return response;
}
