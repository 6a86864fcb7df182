import { bitStringOf, booleanOf, contentOf, type DerElement, hexOf, itemsOf, parseDer, unsignedOf } from "./der.ts";

/** The extensions that the validation rules use (RFC 5280, section 4.2). Absent ones are undefined. */
export interface CertificateExtensions {
  readonly basicConstraints?: { readonly cA: boolean; readonly pathLength: number | undefined };
  readonly keyUsage?: {
    readonly critical: boolean;
    readonly digitalSignature: boolean;
    readonly keyCertSign: boolean;
    readonly cRLSign: boolean;
  };
  /** The object identifiers of the purposes: content octets in hexadecimal. */
  readonly extendedKeyUsage?: ReadonlySet<string>;
  /** The URIs among the alternative names, unchanged. Names of other kinds are not read. */
  readonly subjectAltName?: { readonly critical: boolean; readonly uris: readonly string[] };
  /** Key ids in hexadecimal. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  readonly nameConstraints?: true;
  /** Set if a critical extension is present that no rule uses. */
  readonly unknownCritical?: true;
}

/** Content octets of object identifiers, in hexadecimal. */
const SUBJECT_KEY_ID = "551d0e"; // 2.5.29.14
const KEY_USAGE = "551d0f"; // 2.5.29.15
const SUBJECT_ALT_NAME = "551d11"; // 2.5.29.17
const BASIC_CONSTRAINTS = "551d13"; // 2.5.29.19
const NAME_CONSTRAINTS = "551d1e"; // 2.5.29.30
const AUTHORITY_KEY_ID = "551d23"; // 2.5.29.35
const EXTENDED_KEY_USAGE = "551d25"; // 2.5.29.37

const URI_NAME = 0x86;
/** The tags of the nine kinds of GeneralName (RFC 5280, section 4.2.1.6). */
const GENERAL_NAMES: ReadonlySet<number> = new Set([0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, URI_NAME, 0x87, 0x88]);

type Reader = (value: DerElement | undefined, critical: boolean) => CertificateExtensions | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [BASIC_CONSTRAINTS, readBasicConstraints],
  [KEY_USAGE, readKeyUsage],
  [EXTENDED_KEY_USAGE, readExtendedKeyUsage],
  [SUBJECT_ALT_NAME, readSubjectAltName],
  [SUBJECT_KEY_ID, readSubjectKeyId],
  [AUTHORITY_KEY_ID, readAuthorityKeyId],
  [NAME_CONSTRAINTS, () => ({ nameConstraints: true })],
]);

/** Key ids must not be critical (RFC 5280, sections 4.2.1.1 and 4.2.1.2), and name constraints are not supported. */
const MAY_BE_CRITICAL: ReadonlySet<string> = new Set([
  BASIC_CONSTRAINTS,
  KEY_USAGE,
  EXTENDED_KEY_USAGE,
  SUBJECT_ALT_NAME,
]);

/**
 * Reads `extensions [3]` of a certificate. Returns `undefined` if an extension that the rules use is malformed, or if any
 * extension occurs twice, because another reader could use the other one (RFC 5280, section 4.2).
 */
export function readExtensions(explicit: DerElement | undefined): CertificateExtensions | undefined {
  const [list, ...more] = itemsOf(explicit, 0xa3) ?? [];
  const items = itemsOf(list);
  if (items === undefined || more.length > 0) return undefined;
  let found: CertificateExtensions = {};
  const seen = new Set<string>();
  for (const item of items) {
    const extension = readExtension(item);
    if (extension === undefined || seen.has(extension.oid)) return undefined;
    seen.add(extension.oid);
    found = { ...found, ...extension.meaning };
  }
  return found;
}

function readExtension(
  item: DerElement,
): { readonly oid: string; readonly meaning: CertificateExtensions } | undefined {
  const parts = itemsOf(item);
  const flag = parts?.length === 3 ? parts[1] && booleanOf(parts[1]) : false;
  const oid = contentOf(parts?.[0], 0x06);
  const value = contentOf(parts?.at(-1), 0x04);
  if (oid === undefined || value === undefined || flag === undefined || (parts?.length ?? 0) > 3) return undefined;
  const name = hexOf(oid);
  const reader = READERS.get(name);
  const meaning = reader === undefined ? {} : reader(parseDer(value), flag);
  if (meaning === undefined) return undefined;
  const isUnknown = flag && !MAY_BE_CRITICAL.has(name);
  return { oid: name, meaning: isUnknown ? { ...meaning, unknownCritical: true } : meaning };
}

/** RFC 5280, section 4.2.1.9. */
function readBasicConstraints(value: DerElement | undefined): CertificateExtensions | undefined {
  if (value?.tag !== 0x30) return undefined;
  const [first, ...rest] = value.items;
  const cA = first?.tag === 0x01 ? booleanOf(first) : false;
  const [limit, ...more] = first?.tag === 0x01 ? rest : value.items;
  const pathLength = limit && numberOf(limit);
  if (cA === undefined || more.length > 0 || (limit !== undefined && pathLength === undefined)) return undefined;
  return { basicConstraints: { cA, pathLength } };
}

/** RFC 5280, section 4.2.1.3. */
function readKeyUsage(value: DerElement | undefined, critical: boolean): CertificateExtensions | undefined {
  const first = bitStringOf(value)?.octets[0];
  if (first === undefined) return undefined;
  const [digitalSignature, keyCertSign, cRLSign] = [0x80, 0x04, 0x02].map((bit) => (first & bit) !== 0);
  return {
    keyUsage: {
      critical,
      digitalSignature: digitalSignature === true,
      keyCertSign: keyCertSign === true,
      cRLSign: cRLSign === true,
    },
  };
}

/** RFC 5280, section 4.2.1.12. */
function readExtendedKeyUsage(value: DerElement | undefined): CertificateExtensions | undefined {
  const purposes = itemsOf(value)?.map((item) => contentOf(item, 0x06));
  if (purposes === undefined) return undefined;
  const known = purposes.filter((purpose) => purpose !== undefined);
  return known.length === purposes.length ? { extendedKeyUsage: new Set(known.map(hexOf)) } : undefined;
}

/** RFC 5280, section 4.2.1.6. A URI is an IA5String, which is ASCII. Nothing is decoded or folded. */
function readSubjectAltName(value: DerElement | undefined, critical: boolean): CertificateExtensions | undefined {
  const names = itemsOf(value);
  if (names?.every(({ tag }) => GENERAL_NAMES.has(tag)) !== true) return undefined;
  const uris = names.filter(({ tag }) => tag === URI_NAME).map(({ content }) => content);
  if (!uris.every((uri) => uri.every((byte) => byte < 0x80))) return undefined;
  return { subjectAltName: { critical, uris: uris.map((uri) => String.fromCodePoint(...uri)) } };
}

function readSubjectKeyId(value: DerElement | undefined): CertificateExtensions | undefined {
  const id = contentOf(value, 0x04);
  return id && { subjectKeyId: hexOf(id) };
}

/** Only the key id: the signature identifies the issuer better than its name and serial number. */
function readAuthorityKeyId(value: DerElement | undefined): CertificateExtensions | undefined {
  if (value?.tag !== 0x30) return undefined;
  const id = contentOf(value.items[0], 0x80);
  return id === undefined ? {} : { authorityKeyId: hexOf(id) };
}

/** An INTEGER from 0 to 65 535. */
function numberOf(element: DerElement): number | undefined {
  const octets = unsignedOf(element);
  return octets && octets.length <= 2 ? octets.reduce((number, octet) => number * 256 + octet, 0) : undefined;
}
