import { type Share, deriveShare } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { withPrimaryRoot } from "./with-primary-root.ts";

/**
 * Whether somebody's share is the one that was dealt under its number: a drill, which exposes nothing. Undefined where the
 * caller may not.
 *
 * @throws SealError, StoreUnavailable
 */
export async function checkShare(deps: RecoveryDeps, { id, value }: Share): Promise<boolean | undefined> {
  const { threshold, shares } = deps.split;
  return await withPrimaryRoot(deps, async (root) => {
    // Others lie on the same curve, but nobody was given them.
    if (id > shares) return false;
    return await isSameSecret(await deriveShare(root, { threshold, id }), value);
  });
}

/** Compared as MACs under a key of the moment, by the platform and in constant time. */
async function isSameSecret(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 } as const;
  const key = await crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), algorithm, false, [
    "sign",
    "verify",
  ]);
  return await crypto.subtle.verify("HMAC", key, await crypto.subtle.sign("HMAC", key, a), b);
}
