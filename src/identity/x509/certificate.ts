import { type CertificateExtensions, readExtensions } from "./certificate-extensions.ts";
import { readTime } from "./certificate-time.ts";
import { type DerElement, hexOf, itemsOf, octetsOf, parseDer } from "./der.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { readSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One certificate in good form, with what the rules need. Nothing of it is verified: anybody can write one. */
export interface Certificate {
  /** What its issuer signed, as it arrived. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  /** Undefined for one that is not accepted. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Names as their DER in hexadecimal: two are one name if they are the same bytes. The issuer's is never empty. */
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since 1970; both ends are within the validity. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Undefined for one of a kind or strength that is not accepted. */
  readonly publicKey: PublicKey | undefined;
  readonly extensions: CertificateExtensions;
}

/** A subject that is left out. */
export const EMPTY_NAME = "3000";

/** `version [0] EXPLICIT INTEGER` of 2, which means 3. */
const VERSION_3 = "a003020102";

/**
 * Reads a certificate (RFC 5280, section 4.1) from DER of at most 10 KiB, or `undefined` unless it is one: version 3, an
 * issuer that is not empty, times that exist, extensions without duplicates, no unique ids, the same signature algorithm
 * inside and outside of what is signed, and no octet more or less. Never throws, whatever the bytes.
 *
 * The serial number is not read. Linear in the length.
 */
export function parseCertificate(der: Bytes): Certificate | undefined {
  const parts = itemsOf(parseDer(der));
  const [signed, algorithm, bits] = parts ?? [];
  const signature = octetsOf(bits);
  const body = signed && readBody(signed);
  if (parts?.length !== 3 || signed === undefined || body === undefined || signature === undefined) return undefined;
  const { algorithm: inner, ...certificate } = body;
  // What is outside is not signed: an attacker could name another algorithm there (RFC 5280, section 4.1.1.2).
  if (algorithm === undefined || hexOf(algorithm.der) !== hexOf(inner.der)) return undefined;
  return { ...certificate, signed: signed.der, signature, signatureAlgorithm: readSignatureAlgorithm(inner) };
}

type Body = Omit<Certificate, "signed" | "signature" | "signatureAlgorithm"> & { readonly algorithm: DerElement };

/** TBSCertificate. */
function readBody(signed: DerElement): Body | undefined {
  const fields = itemsOf(signed);
  const [version, serial, algorithm, issuer, validity, subject, spki, extensionList] = fields ?? [];
  if (fields?.length !== 8 || version === undefined || hexOf(version.der) !== VERSION_3) return undefined;
  if (serial?.tag !== 0x02 || itemsOf(algorithm) === undefined || algorithm === undefined) return undefined;
  if (itemsOf(issuer) === undefined || issuer === undefined || subject?.tag !== 0x30 || spki?.tag !== 0x30) {
    return undefined;
  }
  const [first, last, ...more] = itemsOf(validity) ?? [];
  const [notBefore, notAfter] = [readTime(first), readTime(last)];
  const extensions = readExtensions(extensionList);
  if (notBefore === undefined || notAfter === undefined || more.length > 0 || extensions === undefined)
    return undefined;
  return {
    algorithm,
    issuer: hexOf(issuer.der),
    subject: hexOf(subject.der),
    notBefore,
    notAfter,
    publicKey: readPublicKey(spki),
    extensions,
  };
}
