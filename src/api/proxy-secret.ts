/** Proves that a hop in front of the worker is the configured one. The secret itself is not kept. */
export type ProxySecret = CryptoKey;

/** Carries the secret. Whoever terminates TLS sets it, and removes it from what clients send. */
const HEADER = "x-spike-proxy-secret";

/**
 * Whether a request comes through the configured proxy: `absent` without the header, `wrong` with a secret that is none of these.
 *
 * Compared as MACs, by the platform and in constant time; several secrets, so that they can be replaced one after the other.
 */
export async function proxyHop(
  headers: Headers,
  secrets: readonly ProxySecret[],
): Promise<"absent" | "wrong" | "authentic"> {
  const presented = headers.get(HEADER);
  if (presented === null) return "absent";
  // An empty key is none for HMAC, and no secret is empty.
  if (presented === "") return "wrong";
  const label = new TextEncoder().encode("spike-edge/v1/proxy-secret");
  const mark = new Uint8Array(await crypto.subtle.sign("HMAC", await importProxySecret(presented), label));
  const matches = await Promise.all(
    secrets.map(async (secret) => await crypto.subtle.verify("HMAC", secret, mark, label)),
  );
  return matches.includes(true) ? "authentic" : "wrong";
}

/** What presented secrets are compared with. */
export async function importProxySecret(secret: string): Promise<ProxySecret> {
  const bytes = new TextEncoder().encode(secret);
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}
