import { type DerElement, hexOf } from "./der.ts";

type Hash = "SHA-256" | "SHA-384" | "SHA-512";

/** The algorithm of a certificate's signature, by type of key. */
export type SignatureAlgorithm =
  | { readonly type: "EC"; readonly hash: Hash }
  | { readonly type: "RSA"; readonly scheme: "RSASSA-PKCS1-v1_5"; readonly hash: Hash }
  | { readonly type: "RSA"; readonly scheme: "RSA-PSS"; readonly hash: Hash; readonly saltLength: number }
  | { readonly type: "Ed25519" };

/** AlgorithmIdentifier of RSA-PSS with the same hash for message and mask, and a salt of its length (RFC 4055, section 3.1). */
const pss = (lastOfHash: string, saltLength: string): string =>
  `304106092a864886f70d01010a3034a00f300d0609608648016503040${lastOfHash}0500a11c301a06092a864886f70d010108300d0609608648016503040${lastOfHash}0500a2030201${saltLength}`;

/** Complete AlgorithmIdentifiers in hexadecimal, with parameters: each has only one valid encoding. */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ["300a06082a8648ce3d040302", { type: "EC", hash: "SHA-256" }],
  ["300a06082a8648ce3d040303", { type: "EC", hash: "SHA-384" }],
  ["300a06082a8648ce3d040304", { type: "EC", hash: "SHA-512" }],
  ["300d06092a864886f70d01010b0500", { type: "RSA", scheme: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }],
  ["300d06092a864886f70d01010c0500", { type: "RSA", scheme: "RSASSA-PKCS1-v1_5", hash: "SHA-384" }],
  ["300d06092a864886f70d01010d0500", { type: "RSA", scheme: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }],
  [pss("201", "20"), { type: "RSA", scheme: "RSA-PSS", hash: "SHA-256", saltLength: 32 }],
  [pss("202", "30"), { type: "RSA", scheme: "RSA-PSS", hash: "SHA-384", saltLength: 48 }],
  [pss("203", "40"), { type: "RSA", scheme: "RSA-PSS", hash: "SHA-512", saltLength: 64 }],
  ["300506032b6570", { type: "Ed25519" }],
]);

/**
 * The algorithm of an AlgorithmIdentifier (RFC 5758, section 3.2; RFC 4055, sections 3.1 and 5; RFC 8410, section 3).
 * Returns `undefined` for all others, including SHA-1 and MD5.
 */
export function readSignatureAlgorithm(identifier: DerElement): SignatureAlgorithm | undefined {
  return ALGORITHMS.get(hexOf(identifier.der));
}
