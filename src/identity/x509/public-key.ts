import { isStrongRsa } from "../rsa-strength.ts";
import { type DerElement, hexOf, itemsOf, octetsOf, parseDer, unsignedOf } from "./der.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type Curve = "P-256" | "P-384" | "P-521";

/** A public key of an accepted type and strength. `spki` is its SubjectPublicKeyInfo as received. */
export type PublicKey =
  | { readonly type: "EC"; readonly curve: Curve; readonly spki: Bytes }
  | { readonly type: "RSA"; readonly spki: Bytes }
  | { readonly type: "Ed25519"; readonly spki: Bytes };

/** AlgorithmIdentifiers in hexadecimal (RFC 5480, section 2.1.1.1; RFC 3279, section 2.3.1; RFC 8410, section 3). */
const CURVES: ReadonlyMap<string, Curve> = new Map([
  ["301306072a8648ce3d020106082a8648ce3d030107", "P-256"],
  ["301006072a8648ce3d020106052b81040022", "P-384"],
  ["301006072a8648ce3d020106052b81040023", "P-521"],
]);
const RSA_ENCRYPTION = "300d06092a864886f70d0101010500";
const ED25519 = "300506032b6570";

/** Bytes of an uncompressed point: one, and two coordinates. Not every runtime accepts compressed points. */
const POINT_BYTES: Readonly<Record<Curve, number>> = { "P-256": 65, "P-384": 97, "P-521": 133 };

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7). Returns `undefined` unless the key is on one of the three
 * curves, RSA of 2048 to 8192 bits with an odd exponent of at least 65537, or Ed25519. The import checks that a point is on
 * its curve.
 */
export function readPublicKey(spki: DerElement): PublicKey | undefined {
  const [algorithm, bits, ...more] = itemsOf(spki) ?? [];
  const key = octetsOf(bits);
  if (algorithm === undefined || key === undefined || more.length > 0) return undefined;
  const name = hexOf(algorithm.der);
  const curve = CURVES.get(name);
  if (curve !== undefined) return readPoint(curve, key) ? { type: "EC", curve, spki: spki.der } : undefined;
  if (name === RSA_ENCRYPTION) return isStrongKey(key) ? { type: "RSA", spki: spki.der } : undefined;
  return name === ED25519 && key.length === 32 ? { type: "Ed25519", spki: spki.der } : undefined;
}

function readPoint(curve: Curve, point: Bytes): boolean {
  return point[0] === 0x04 && point.length === POINT_BYTES[curve];
}

/** RFC 8017, appendix A.1.1. */
function isStrongKey(key: Bytes): boolean {
  const [n, e, ...more] = itemsOf(parseDer(key)) ?? [];
  const [modulus, exponent] = [unsignedOf(n), unsignedOf(e)];
  if (modulus === undefined || exponent === undefined || more.length > 0) return false;
  return isStrongRsa(modulus, exponent);
}
