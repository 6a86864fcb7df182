import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Caller } from "../history/history.ts";

/** The trust domain of a run. */
export const TRUST_DOMAIN = "spike.ist";
const LIFETIME_SECONDS = 3600;
/** Tokens are replaced halfway through their lifetime, so that they are valid for a clock that is ten minutes ahead. */
const RENEW_AFTER_MS = (LIFETIME_SECONDS / 2) * 1000;

/** Issues the callers' tokens. */
export interface Authority {
  /** The trust domain's SPIFFE bundle. */
  readonly bundle: object;
  /** A JWT-SVID that is valid for clocks that are up to ten minutes wrong. */
  tokenOf(caller: Caller, now: number): Promise<string>;
}

export async function createAuthority(): Promise<Authority> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const tokens = new Map<Caller, { readonly token: string; readonly renewAt: number }>();
  return {
    bundle: { keys: [{ ...jwk, kid: "k1", use: "jwt-svid" }] },
    async tokenOf(caller, now) {
      const known = tokens.get(caller);
      if (known !== undefined && now < known.renewAt) return known.token;
      const token = await new SignJWT({ sub: `spiffe://${TRUST_DOMAIN}${idPath(caller)}` })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" })
        .setAudience("spike-nexus")
        .setExpirationTime(`${LIFETIME_SECONDS} seconds`)
        .sign(privateKey);
      tokens.set(caller, { token, renewAt: now + RENEW_AFTER_MS });
      return token;
    },
  };
}

function idPath(caller: Caller): string {
  return caller === "superuser" ? "/spike/pilot/role/superuser" : `/team/${caller}`;
}
