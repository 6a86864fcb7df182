/**
 * The minimal authentication: Web Crypto verifies the ES256 signature of the bearer token, and nothing else is checked. The key is
 * imported once. SPIKE Edge imports it from the bundle on each request, because it keeps no state between requests.
 */
interface Env {
  /** The public key as a JWK. */
  readonly BASELINE_KEY: string;
}

const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;
let key: CryptoKey | undefined;

function decode(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export default {
  async fetch(request: Request, { BASELINE_KEY }: Env): Promise<Response> {
    key ??= await crypto.subtle.importKey("jwk", JSON.parse(BASELINE_KEY) as JsonWebKey, ES256, false, ["verify"]);
    await request.text();
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const dot = token.lastIndexOf(".");
    const signed = new TextEncoder().encode(token.slice(0, dot));
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const valid = await crypto.subtle.verify(algorithm, key, decode(token.slice(dot + 1)), signed);
    return Response.json({ valid }, { status: valid ? 200 : 401 });
  },
};
