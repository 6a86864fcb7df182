import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A trust domain with one signing key. */
export interface TestDomain {
  readonly name: string;
  /** The SPIFFE bundle, as JSON. */
  readonly bundle: { readonly keys: readonly object[] };
  /** Issues a JWT-SVID for a SPIFFE ID path. By default it is valid for one hour. */
  token(
    path: string,
    claims?: { readonly aud?: string; readonly exp?: number; readonly iat?: number },
  ): Promise<string>;
}

export async function testDomain(name = "spike.ist", kid = "k1"): Promise<TestDomain> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  return {
    name,
    bundle: { keys: [{ ...jwk, kid, use: "jwt-svid" }] },
    token: async (path, { aud = "spike-nexus", exp, iat } = {}) =>
      await new SignJWT({ sub: `spiffe://${name}${path}`, ...(iat !== undefined && { iat }) })
        .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
        .setAudience(aud)
        .setExpirationTime(exp ?? "1h")
        .sign(privateKey),
  };
}

export const SUPERUSER = "/spike/pilot/role/superuser";
