/**
 * The least that authentication can be: the bearer's ES256 signature checked by Web Crypto, and nothing else. The key is there
 * from the start; ours is imported from the bundle for each request, as nothing is held between them.
 */
interface Env {
  /** The public key, as a JWK. */
  readonly FLOOR_KEY: string;
}

const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;
let key: CryptoKey | undefined;

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export default {
  async fetch(request: Request, { FLOOR_KEY }: Env): Promise<Response> {
    key ??= await crypto.subtle.importKey("jwk", JSON.parse(FLOOR_KEY) as JsonWebKey, ES256, false, ["verify"]);
    await request.text();
    const token = request.headers.get("Authorization")?.slice("Bearer ".length) ?? "";
    const dot = token.lastIndexOf(".");
    const signed = new TextEncoder().encode(token.slice(0, dot));
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const valid = await crypto.subtle.verify(algorithm, key, bytes(token.slice(dot + 1)), signed);
    return Response.json({ valid }, { status: valid ? 200 : 401 });
  },
};
