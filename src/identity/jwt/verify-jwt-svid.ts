import { compactVerify, type CryptoKey } from "jose";
import type { TrustBundle } from "../bundle/trust-bundle.ts";
import type { JwtSvidHeader } from "./jwt-svid-header.ts";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import type { JwtSvid } from "./read-jwt-svid.ts";

/** Maximum keys to try for a token without `kid`. Each costs a signature check. A domain that rotates has two. */
export const MAX_KEYS_TRIED = 4;

/**
 * Returns why this bundle does not prove a token, or `undefined` if a key of the bundle signed the token with the algorithm
 * of that key. Pass the bundle of the trust domain in the token's own ID: no other authority may speak for it. Does not
 * check the time again.
 *
 * Never rejects for a bad token. Errors of jose carry the payload, so they are not passed on.
 *
 * An unknown key is refused faster than a wrong signature. That reveals only the key ids, which the trust domain publishes.
 */
export async function verifyJwtSvid(svid: JwtSvid, bundle: TrustBundle): Promise<JwtSvidRefusal | undefined> {
  const keys = candidateKeys(bundle, svid.header);
  if (typeof keys === "string") return keys;
  for (const key of keys) if (await isSignedBy(svid, key)) return undefined;
  return "signature";
}

/** Only keys imported for this algorithm: the header selects one of the algorithms of a key and cannot add one. */
function candidateKeys(bundle: TrustBundle, { kid, alg }: JwtSvidHeader): readonly CryptoKey[] | JwtSvidRefusal {
  if (kid !== undefined) {
    const named = bundle.keys.get(kid);
    if (named === undefined) return "key-unknown";
    const key = named.get(alg);
    return key === undefined ? "key-algorithm" : [key];
  }
  const fitting = [...bundle.keys.values()].flatMap((key) => key.get(alg) ?? []);
  return fitting.length === 0 ? "key-unknown" : fitting.slice(0, MAX_KEYS_TRIED);
}

async function isSignedBy({ token, header }: JwtSvid, key: CryptoKey): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [header.alg] });
    return true;
  } catch {
    return false;
  }
}
