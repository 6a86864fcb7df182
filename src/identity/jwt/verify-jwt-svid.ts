import { compactVerify, type CryptoKey } from "jose";
import type { TrustBundle } from "../bundle/trust-bundle.ts";
import type { JwtSvidHeader } from "./jwt-svid-header.ts";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import type { JwtSvid } from "./read-jwt-svid.ts";

/** How many keys a token without `kid` may have tried: each costs a signature check. A rotating domain has two. */
export const MAX_KEYS_TRIED = 4;

/**
 * Says why this bundle does not prove a token that was read, or `undefined` if a key of the bundle signed exactly these
 * claims, by the algorithm that this key is for. The bundle has to be the one of the trust domain that the token's own
 * ID names: no other authority may speak for it. The time is not looked at again.
 *
 * Never rejects for a bad token, and lets no error of jose out, since those carry the payload.
 *
 * An unknown key is refused faster than a wrong signature. That tells an attacker only what the trust domain publishes:
 * its key ids.
 */
export async function verifyJwtSvid(svid: JwtSvid, bundle: TrustBundle): Promise<JwtSvidRefusal | undefined> {
  const keys = candidateKeys(bundle, svid.header);
  if (typeof keys === "string") return keys;
  for (const key of keys) if (await isSignedBy(svid, key)) return undefined;
  return "signature";
}

/** Only keys imported for this very algorithm: the header chooses among a key's algorithms, never beyond them. */
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
