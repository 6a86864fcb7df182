import { base64url, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type CryptoKey, type JWK } from "jose";
import { importTrustBundle, parseTrustBundle, type TrustBundle } from "../bundle/trust-bundle.ts";

/** A key pair of the authority of a trust domain, for tests. */
export interface MintingKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** Its entry in the bundle. */
  readonly entry: JWK;
}

const SIGNING: Readonly<Record<string, AlgorithmIdentifier & Partial<RsaPssParams> & Partial<EcdsaParams>>> = {
  ES256: { name: "ECDSA", hash: "SHA-256" },
  ES384: { name: "ECDSA", hash: "SHA-384" },
  ES512: { name: "ECDSA", hash: "SHA-512" },
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  RS384: { name: "RSASSA-PKCS1-v1_5" },
  RS512: { name: "RSASSA-PKCS1-v1_5" },
  PS256: { name: "RSA-PSS", saltLength: 32 },
  PS384: { name: "RSA-PSS", saltLength: 48 },
  PS512: { name: "RSA-PSS", saltLength: 64 },
  EdDSA: { name: "Ed25519" },
};

export async function mintingKey(alg: string, kid = `${alg}-key`): Promise<MintingKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, entry: { ...(await exportJWK(publicKey)), kid, use: "jwt-svid" } };
}

/** The same RSA key for another algorithm. */
export async function signingBy(alg: string, key: MintingKey): Promise<MintingKey> {
  return { ...key, alg, privateKey: await importPKCS8(await exportPKCS8(key.privateKey), alg, { extractable: true }) };
}

export async function bundleOf(...entries: readonly unknown[]): Promise<TrustBundle> {
  const parsed = parseTrustBundle({ keys: entries });
  if (!parsed.ok) throw new Error(parsed.problem);
  return importTrustBundle(parsed);
}

/** JSON of a value. Strings are used as they are, so that tests can write malformed JSON. */
export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** A segment of a token. */
export function part(value: unknown): string {
  return base64url.encode(json(value));
}

/** Signs any header and claims, even malformed ones, in compact serialisation. */
export async function mint(key: MintingKey, claims: unknown, header?: unknown): Promise<string> {
  const input = `${part(header ?? { alg: key.alg, kid: key.kid, typ: "JWT" })}.${part(claims)}`;
  return `${input}.${base64url.encode(await signatureOf(key, input))}`;
}

export async function signatureOf(
  key: Pick<MintingKey, "alg" | "privateKey">,
  input: string,
  parameters: AlgorithmIdentifier | RsaPssParams | EcdsaParams = SIGNING[key.alg] ?? key.alg,
): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(parameters, key.privateKey, new TextEncoder().encode(input)));
}
