/** Authenticates the configured proxy. Imported, so that the secret itself is not kept. */
export type ProxySecret = CryptoKey;

/** The proxy sets this header, and removes it from the requests of clients. */
const HEADER = "x-spike-proxy-secret";

/**
 * Checks whether a request comes through the configured proxy: `absent` without the header, `wrong` with another secret.
 *
 * Compares MACs with Web Crypto, in constant time. More than one secret is accepted, so that it can be rotated.
 */
export async function proxyHop(
  headers: Headers,
  secrets: readonly ProxySecret[],
): Promise<"absent" | "wrong" | "authentic"> {
  const presented = headers.get(HEADER);
  if (presented === null) return "absent";
  // HMAC accepts no empty key, and no secret is empty.
  if (presented === "") return "wrong";
  const label = new TextEncoder().encode("spike-edge/v1/proxy-secret");
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", await importProxySecret(presented), label));
  const matches = await Promise.all(
    secrets.map(async (secret) => await crypto.subtle.verify("HMAC", secret, mac, label)),
  );
  return matches.includes(true) ? "authentic" : "wrong";
}

/** Imports a secret to compare presented secrets with. */
export async function importProxySecret(secret: string): Promise<ProxySecret> {
  const bytes = new TextEncoder().encode(secret);
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}
