import type { Canaries } from "./canaries.ts";

/** Watches the claims and the signature of a token. Either one helps to impersonate its subject. */
export function watchToken(canaries: Canaries, name: string, token: string): void {
  const [, claims = "", signature = ""] = token.split(".");
  canaries.watch(`the claims in ${name}`, claims);
  canaries.watch(`the signature of ${name}`, signature);
  canaries.watch(`the signature of ${name}`, new Uint8Array(Buffer.from(signature, "base64url")));
}

/** Watches a root key, as configured and as bytes, and every secret key derived from it. */
export async function watchRootKey(canaries: Canaries, rootKey: Uint8Array<ArrayBuffer>): Promise<void> {
  canaries.watch("the root key in base64url", Buffer.from(rootKey).toString("base64url"));
  canaries.watch("the root key", rootKey);
  const root = await crypto.subtle.importKey("raw", rootKey, "HKDF", false, ["deriveBits"]);
  for (const purpose of ["wrap", "policy", "tag", "mac", "cipher"]) {
    const info = new TextEncoder().encode(`spike-edge/v1/${purpose}`);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
    canaries.watch(`the ${purpose} key`, new Uint8Array(await crypto.subtle.deriveBits(hkdf, root, 256)));
  }
}
