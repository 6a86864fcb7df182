/** A JSON answer with the headers that SPIKE sends with every one (SPIKE SDK, net/respond.go). */
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

/**
 * Seconds to stay away, spread out from `least` on: those who were turned away together must not come back together.
 */
export function retryAfter(response: Response, chance: number, least = 1): Response {
  response.headers.set("Retry-After", String(least + Math.floor(chance * 4 * least)));
  return response;
}
