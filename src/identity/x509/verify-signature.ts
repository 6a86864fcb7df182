import type { Certificate } from "./certificate.ts";
import { itemsOf, parseDer, unsignedOf } from "./der.ts";
import type { Curve, PublicKey } from "./public-key.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Of an import or a verification, as all runtimes type them. */
interface Parameters {
  readonly name: string;
  readonly namedCurve?: Curve;
  readonly hash?: string;
  readonly saltLength?: number;
}

const SCALAR_BYTES: Readonly<Record<Curve, number>> = { "P-256": 32, "P-384": 48, "P-521": 66 };

/**
 * Whether the holder of this key signed the certificate, by the algorithm that the certificate names and the key fits. A key
 * that can't be imported signed nothing. Never rejects.
 */
export async function isSignedBy(
  { signed, signature, signatureAlgorithm }: Certificate,
  key: PublicKey,
): Promise<boolean> {
  if (signatureAlgorithm?.type !== key.type) return false;
  const raw = key.type === "EC" ? rawEcdsa(signature, SCALAR_BYTES[key.curve]) : signature;
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

/** A SEQUENCE of two INTEGERs (RFC 3279, section 2.2.3) as Web Crypto has it: two numbers of full length. */
function rawEcdsa(signature: Bytes, octets: number): Bytes | undefined {
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
