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
  /**
   * A JWT-SVID that is valid for clocks that are up to ten minutes wrong.
   *
   * @param skewMs how far the clock that judges the token is ahead
   */
  tokenOf(caller: Caller, now: number, skewMs?: number): Promise<string>;
}

export async function createAuthority(): Promise<Authority> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const tokens = new Map<string, { readonly token: string; readonly renewAt: number }>();
  return {
    bundle: { keys: [{ ...jwk, kid: "k1", use: "jwt-svid" }] },
    async tokenOf(caller, now, skewMs = 0) {
      const name = `${caller} ${skewMs}`;
      const known = tokens.get(name);
      if (known !== undefined && now < known.renewAt) return known.token;
      const token = await new SignJWT({ sub: `spiffe://${TRUST_DOMAIN}${idPath(caller)}` })
        .setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" })
        .setAudience("spike-nexus")
        .setExpirationTime(new Date(Date.now() + skewMs + LIFETIME_SECONDS * 1000))
        .sign(privateKey);
      tokens.set(name, { token, renewAt: now + RENEW_AFTER_MS });
      return token;
    },
  };
}

function idPath(caller: Caller): string {
  return caller === "superuser" ? "/spike/pilot/role/superuser" : `/team/${caller}`;
}
