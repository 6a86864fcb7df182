import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A trust domain with one signing key: its bundle, and tokens of its workloads. */
export interface TestDomain {
  readonly name: string;
  /** SPIFFE bundle as JSON. */
  readonly bundle: object;
  /** A JWT-SVID that is valid for an hour, or as `claims` has it. */
  token(path: string, claims?: { readonly aud?: string; readonly exp?: number }): Promise<string>;
}

export async function testDomain(name = "spike.ist", kid = "k1"): Promise<TestDomain> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  return {
    name,
    bundle: { keys: [{ ...jwk, kid, use: "jwt-svid" }] },
    token: async (path, { aud = "spike-nexus", exp } = {}) =>
      await new SignJWT({ sub: `spiffe://${name}${path}` })
        .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
        .setAudience(aud)
        .setExpirationTime(exp ?? "1h")
        .sign(privateKey),
  };
}

export const SUPERUSER = "/spike/pilot/role/superuser";
