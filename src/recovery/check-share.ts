import { type Share, deriveShare } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { withPrimaryRoot } from "./with-primary-root.ts";

/**
 * Checks whether a share is the one that was issued under its number. This drill exposes nothing. Returns undefined if the
 * caller has no permission.
 *
 * @throws SealError, StoreUnavailable
 */
export async function checkShare(deps: RecoveryDeps, { id, value }: Share): Promise<boolean | undefined> {
  const { threshold, shares } = deps.split;
  return await withPrimaryRoot(deps, async (root) => {
    // Shares with a higher number exist mathematically, but were never issued.
    if (id > shares) return false;
    return await isSameSecret(await deriveShare(root, { threshold, id }), value);
  });
}

/** Compares in constant time: the platform compares MACs under a one-time key. */
async function isSameSecret(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 } as const;
  const key = await crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), algorithm, false, [
    "sign",
    "verify",
  ]);
  return await crypto.subtle.verify("HMAC", key, await crypto.subtle.sign("HMAC", key, a), b);
}
