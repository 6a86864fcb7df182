import { bytesToHex } from "@noble/curves/utils.js";
import { verifyStore } from "../commit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import { load } from "../store/load.ts";
import type { RecoveryDeps } from "./deps.ts";

/** What whoever has just dealt out a root key sends, to see whether it arrived: AES-256-GCM under the root key itself. */
interface Challenge {
  /** 12 bytes. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/**
 * SHA-256 of what a challenge holds, in lower-case hexadecimal (SPIKE, app/nexus/internal/route/bootstrap). SPIKE's wire wants
 * the root key itself for this: nothing of ours is sealed under it, and nothing but a digest is told. Undefined where the
 * caller may not.
 *
 * @throws SealError when no root key of the ring opens it; StoreUnavailable
 */
export async function answerChallenge(deps: RecoveryDeps, challenge: Challenge): Promise<string | undefined> {
  const snapshot = await load(deps.store, deps.access.query, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return undefined;
  const roots = deps.rootKeys();
  try {
    for (const { bytes } of roots) {
      const opened = await open(bytes, challenge);
      if (opened !== undefined) return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", opened)));
    }
  } finally {
    for (const { bytes } of roots) bytes.fill(0);
  }
  throw new SealError("not_authentic", "the bootstrap's challenge was made with no root key of this ring");
}

async function open(root: Uint8Array<ArrayBuffer>, { nonce, ciphertext }: Challenge): Promise<ArrayBuffer | undefined> {
  const key = await crypto.subtle.importKey("raw", root, "AES-GCM", false, ["decrypt"]);
  try {
    return await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, tagLength: 128 }, key, ciphertext);
  } catch {
    return undefined;
  }
}
