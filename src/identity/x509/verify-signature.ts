import type { Certificate } from "./certificate.ts";
import { itemsOf, parseDer, unsignedOf } from "./der.ts";
import type { Curve, PublicKey } from "./public-key.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Parameters of an import or a verification, in types that all runtimes share. */
interface Parameters {
  readonly name: string;
  readonly namedCurve?: Curve;
  readonly hash?: string;
  readonly saltLength?: number;
}

const SCALAR_BYTES: Readonly<Record<Curve, number>> = { "P-256": 32, "P-384": 48, "P-521": 66 };

/**
 * Whether this key signed the certificate, with the algorithm that the certificate names. False if the key is of another
 * type or cannot be imported. Never rejects.
 */
export async function isSignedBy(
  { signed, signature, signatureAlgorithm }: Certificate,
  key: PublicKey,
): Promise<boolean> {
  if (signatureAlgorithm?.type !== key.type) return false;
  const raw = key.type === "EC" ? toRawEcdsa(signature, SCALAR_BYTES[key.curve]) : signature;
  if (raw === undefined) return false;
  try {
    const cryptoKey = await crypto.subtle.importKey("spki", key.spki, importOf(key, signatureAlgorithm), false, [
      "verify",
    ]);
    return await crypto.subtle.verify(parametersOf(signatureAlgorithm), cryptoKey, raw, signed);
  } catch {
    return false;
  }
}

/** Converts a SEQUENCE of two INTEGERs (RFC 3279, section 2.2.3) to the form of Web Crypto: two numbers of full length. */
function toRawEcdsa(signature: Bytes, octets: number): Bytes | undefined {
  const items = itemsOf(parseDer(signature));
  const [r, s] = [unsignedOf(items?.[0]), unsignedOf(items?.[1])];
  if (items?.length !== 2 || r === undefined || s === undefined) return undefined;
  if (r.length > octets || s.length > octets) return undefined;
  const raw = new Uint8Array(octets * 2);
  raw.set(r, octets - r.length);
  raw.set(s, octets * 2 - s.length);
  return raw;
}

function importOf(key: PublicKey, algorithm: SignatureAlgorithm): Parameters {
  if (key.type === "EC") return { name: "ECDSA", namedCurve: key.curve };
  return algorithm.type === "RSA" ? { name: algorithm.scheme, hash: algorithm.hash } : { name: "Ed25519" };
}

function parametersOf(algorithm: SignatureAlgorithm): Parameters {
  if (algorithm.type === "EC") return { name: "ECDSA", hash: algorithm.hash };
  if (algorithm.type === "Ed25519") return { name: "Ed25519" };
  const { scheme } = algorithm;
  return scheme === "RSA-PSS" ? { name: scheme, saltLength: algorithm.saltLength } : { name: scheme };
}
