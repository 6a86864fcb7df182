import { type CertificateExtensions, readExtensions } from "./certificate-extensions.ts";
import { readTime } from "./certificate-time.ts";
import { type DerElement, hexOf, itemsOf, octetsOf, parseDer } from "./der.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { readSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The fields of a well-formed certificate that the validation rules use. Unverified: anyone can write one. */
export interface Certificate {
  /** The bytes that the issuer signed, as received. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  /** Undefined if the algorithm is not accepted. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  /** Names as DER in hexadecimal. Two names are equal if their bytes are. The issuer is never empty. */
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since 1970. Both are inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Undefined if the type or strength of the key is not accepted. */
  readonly publicKey: PublicKey | undefined;
  readonly extensions: CertificateExtensions;
}

/** An empty name, as in a certificate without subject. */
export const EMPTY_NAME = "3000";

/** `version [0] EXPLICIT INTEGER` with the value 2, which means version 3. */
const VERSION_3 = "a003020102";

/**
 * Parses a certificate (RFC 5280, section 4.1) from DER of at most 10 KiB. Returns `undefined` unless it has version 3, a
 * non-empty issuer, valid times, extensions without duplicates, no unique ids, the same signature algorithm inside and
 * outside the signed part, and no extra bytes. Never throws for any bytes.
 *
 * The serial number is not read. Takes linear time.
 */
export function parseCertificate(der: Bytes): Certificate | undefined {
  const parts = itemsOf(parseDer(der));
  const [signed, algorithm, bits] = parts ?? [];
  const signature = octetsOf(bits);
  const body = signed && readBody(signed);
  if (parts?.length !== 3 || signed === undefined || body === undefined || signature === undefined) return undefined;
  const { algorithm: inner, ...certificate } = body;
  // The outer algorithm is not signed, so an attacker could change it (RFC 5280, section 4.1.1.2).
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
