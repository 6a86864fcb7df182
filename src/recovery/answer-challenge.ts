import { bytesToHex } from "@noble/curves/utils.js";
import { loadPermitted } from "../commit/load-permitted.ts";
import { SealError } from "../seal/seal-error.ts";
import type { RecoveryDeps } from "./deps.ts";

/** Sent by SPIKE's bootstrap to check that the root key has arrived: a text encrypted with AES-256-GCM under the root key. */
interface Challenge {
  /** 12 bytes. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/**
 * Decrypts a challenge and returns the SHA-256 of its text in lower-case hexadecimal (SPIKE,
 * app/nexus/internal/route/bootstrap). SPIKE's protocol uses the root key itself here. That is safe: no stored record is sealed
 * under it, and only a digest is returned. Returns undefined if the caller has no permission.
 *
 * Stores no audit entry: only a caller who has the root key can encrypt a challenge, so the digest reveals nothing to them.
 *
 * @throws SealError if no root key of the ring decrypts the challenge; StoreUnavailable
 */
export async function answerChallenge(deps: RecoveryDeps, challenge: Challenge): Promise<string | undefined> {
  if ((await loadPermitted(deps, {})) === undefined) return undefined;
  const roots = deps.rootKeys();
  try {
    for (const { bytes } of roots) {
      const opened = await open(bytes, challenge);
      if (opened !== undefined) return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", opened)));
    }
  } finally {
    for (const { bytes } of roots) bytes.fill(0);
  }
  throw new SealError("not_authentic", "the bootstrap challenge was encrypted with none of this ring's root keys");
}

async function open(root: Uint8Array<ArrayBuffer>, { nonce, ciphertext }: Challenge): Promise<ArrayBuffer | undefined> {
  const key = await crypto.subtle.importKey("raw", root, "AES-GCM", false, ["decrypt"]);
  try {
    return await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, tagLength: 128 }, key, ciphertext);
  } catch {
    return undefined;
  }
}
