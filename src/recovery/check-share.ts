import { type Share, deriveShare } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { readPrimaryId } from "./read-primary-id.ts";
import { withRootKey } from "./with-root-key.ts";

/**
 * Checks whether a share of the primary root key is the one that was issued under its number. Returns undefined if the caller
 * has no permission.
 *
 * Stores no audit entry: a caller with one share could fill the audit, and the answer reveals nothing beyond that
 * share.
 *
 * @throws SealError, StoreUnavailable
 */
export async function checkShare(deps: RecoveryDeps, { id, value }: Share): Promise<boolean | undefined> {
  const { threshold, shares } = deps.split;
  const keyId = await readPrimaryId(deps);
  if (keyId === undefined) return undefined;
  return await withRootKey(deps, keyId, async (root) => {
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
