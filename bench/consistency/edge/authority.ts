import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Caller } from "../history/history.ts";

/** The trust domain of a run. */
export const TRUST_DOMAIN = "spike.ist";
const TTL_SECONDS = 3600;
/** Half of their life: a clock that is ten minutes ahead must not make them expire. */
const RENEWED_AFTER_MS = (TTL_SECONDS / 2) * 1000;

/** Vouches for the callers of a run. */
export interface Authority {
  /** SPIFFE bundle. */
  readonly bundle: object;
  /** A JWT-SVID that is valid by clocks ten minutes off. */
  tokenOf(caller: Caller, now: number): Promise<string>;
}

/** Path of the SPIFFE ID. */
function idPathOf(caller: Caller): string {
  return caller === "superuser" ? "/spike/pilot/role/superuser" : `/team/${caller}`;
}

export async function establishAuthority(): Promise<Authority> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const tokens = new Map<Caller, { readonly token: string; readonly until: number }>();
  return {
    bundle: { keys: [{ ...jwk, kid: "k1", use: "jwt-svid" }] },
    async tokenOf(caller, now) {
      const known = tokens.get(caller);
      if (known !== undefined && now < known.until) return known.token;
      // No `iat`: to a clock that is behind, it would lie in the future.
      const token = await new SignJWT({ sub: `spiffe://${TRUST_DOMAIN}${idPathOf(caller)}` })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" })
        .setAudience("spike-nexus")
        .setExpirationTime(`${TTL_SECONDS} seconds`)
        .sign(privateKey);
      tokens.set(caller, { token, until: now + RENEWED_AFTER_MS });
      return token;
    },
  };
}
