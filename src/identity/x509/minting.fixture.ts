import type { CertificateChain } from "./certificate-chain.ts";
import {
  bitString,
  bytesOf,
  type Der,
  element,
  integer,
  objectIdentifier,
  sequence,
  tagged,
  text,
  time,
} from "./der.fixture.ts";
import {
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  CRL_SIGN,
  DIGITAL_SIGNATURE,
  extendedKeyUsage,
  type Extensions,
  KEY_AGREEMENT,
  KEY_CERT_SIGN,
  KEY_ENCIPHERMENT,
  keyUsage,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyId,
  uriName,
} from "./extensions.fixture.ts";
import { type SigningKey, signingKey } from "./signing-key.fixture.ts";

/** Deviations of a certificate. Defaults are those of SPIRE. Times are in milliseconds since 1970. */
export interface CertificateOptions {
  /** Default: a fresh key on P-256. */
  readonly key?: SigningKey;
  /** DER of a Name; see {@link nameOf}. */
  readonly subject?: Der;
  readonly issuer?: Der;
  /** Default: 2020. */
  readonly notBefore?: number;
  /** Default: 2040. */
  readonly notAfter?: number;
  /** Merged over the default ones by name: `{ keyUsage: undefined }` omits one, a new name adds one. */
  readonly extensions?: Extensions;
  /** AlgorithmIdentifiers inside and outside the signed part. Default: the one of the issuer's key. */
  readonly innerAlgorithm?: Der;
  readonly outerAlgorithm?: Der;
  /** The element of the version. Default: `[0] EXPLICIT 2`. */
  readonly version?: Der;
  /** Replaces the SubjectPublicKeyInfo of the key. */
  readonly spki?: Der;
  /** Replaces the Extensions element that is built from `extensions`. */
  readonly extensionList?: Der;
  readonly validity?: Der;
  /** Changes the finished signature. */
  readonly alterSignature?: (signature: Der) => Der;
}

/** An authority of a trust domain, or an intermediate below one, that issues certificates. */
export interface TestAuthority {
  readonly trustDomain: string;
  /** Its own certificate. */
  readonly der: Der;
  /** Its entry in the bundle of the trust domain (`use` is `x509-svid`). */
  readonly bundleEntry: Readonly<Record<string, unknown>>;
  readonly key: SigningKey;
  /** DER of its subject. */
  readonly subject: Der;
  /** Issues a leaf for this SPIFFE ID, valid unless the options deviate. Its chain does not include the root. */
  issueLeaf(leaf: CertificateOptions & { readonly id: string }): Promise<TestLeaf>;
  /** Issues an intermediate authority. A `pathLength` of `undefined` sets no limit. */
  issueIntermediate(options?: AuthorityOptions): Promise<TestAuthority>;
}

interface TestLeaf {
  readonly der: Der;
  /** The leaf and the intermediates without the root, as a TLS client sends them. */
  readonly chain: CertificateChain;
  readonly key: SigningKey;
}

export type AuthorityOptions = CertificateOptions & { readonly pathLength?: number };

/** A self-signed root of a trust domain, as SPIRE creates it. */
export async function certificateAuthority({
  trustDomain,
  ...options
}: AuthorityOptions & { readonly trustDomain: string }): Promise<TestAuthority> {
  const key = options.key ?? (await signingKey());
  const subject = options.subject ?? nameOf(`root of ${trustDomain}`);
  const issuer = { key, subject: options.issuer ?? subject };
  const extensions = { ...(await authorityExtensions(trustDomain, key, options)), ...options.extensions };
  const der = await certificate(issuer, { ...options, key, subject, extensions });
  return authorityOf({ trustDomain, der, key, subject, above: [] });
}

/** A certificate with any content, signed by any key. */
export async function certificate(
  issuer: { readonly key: SigningKey; readonly subject: Der },
  options: CertificateOptions & { readonly key: SigningKey },
): Promise<Der> {
  const { key, notBefore = Date.UTC(2020, 0), notAfter = Date.UTC(2040, 0), extensions = {} } = options;
  const inner = options.innerAlgorithm ?? issuer.key.algorithm;
  const present = Object.values(extensions).filter((der) => der !== undefined);
  const tbs = sequence(
    options.version ?? tagged(0, integer(2)),
    integer(...crypto.getRandomValues(new Uint8Array(16))),
    inner,
    options.issuer ?? issuer.subject,
    options.validity ?? sequence(time(notBefore), time(notAfter)),
    options.subject ?? nameOf("workload"),
    options.spki ?? key.spki,
    options.extensionList ?? (present.length > 0 ? tagged(3, sequence(...present)) : bytesOf()),
  );
  const signature = await issuer.key.sign(tbs);
  return sequence(tbs, options.outerAlgorithm ?? inner, bitString(options.alterSignature?.(signature) ?? signature));
}

/** A Name with one common name, or an empty Name for an empty text. */
export function nameOf(commonName: string): Der {
  if (commonName === "") return sequence();
  return sequence(element(0x31, sequence(objectIdentifier("2.5.4.3"), text(0x0c, commonName))));
}

/** The value of the header `Client-Cert` (RFC 9440, section 2.1) and of the field `certRFC9440`. */
export function toRfc9440(der: Uint8Array): string {
  return `:${base64(der)}:`;
}

/** The value of the header `Client-Cert-Chain` (RFC 9440, section 2.2) and of the field `certChainRFC9440`. */
export function toRfc9440List(ders: readonly Uint8Array[]): string {
  return ders.map(toRfc9440).join(", ");
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCodePoint(...bytes));
}

/** The id of a key for the two key id extensions. */
async function keyIdOf(key: SigningKey): Promise<Der> {
  return bytesOf(new Uint8Array(await crypto.subtle.digest("SHA-256", key.spki)).subarray(0, 20));
}

function authorityOf(authority: {
  readonly trustDomain: string;
  readonly der: Der;
  readonly key: SigningKey;
  readonly subject: Der;
  /** The intermediates from this one upwards, without the root. */
  readonly above: readonly Der[];
}): TestAuthority {
  const { trustDomain, der, key, subject, above } = authority;
  return {
    trustDomain,
    der,
    key,
    subject,
    bundleEntry: { ...key.jwk, use: "x509-svid", x5c: [base64(der)] },
    async issueLeaf({ id, ...options }) {
      const leafKey = options.key ?? (await signingKey());
      const extensions = { ...(await leafExtensions(id, authority.key, leafKey)), ...options.extensions };
      const leaf = await certificate(authority, { ...options, key: leafKey, extensions });
      return { der: leaf, chain: { leaf, intermediates: above }, key: leafKey };
    },
    async issueIntermediate(options = {}) {
      const ownKey = options.key ?? (await signingKey());
      const ownName = options.subject ?? nameOf(`intermediate ${crypto.randomUUID()}`);
      const extensions = {
        ...(await authorityExtensions(trustDomain, ownKey, options)),
        authorityKeyId: authorityKeyId(await keyIdOf(key)),
        ...options.extensions,
      };
      const own = await certificate(authority, { ...options, key: ownKey, subject: ownName, extensions });
      return authorityOf({ trustDomain, der: own, key: ownKey, subject: ownName, above: [own, ...above] });
    },
  };
}

async function authorityExtensions(
  trustDomain: string,
  key: SigningKey,
  { pathLength }: AuthorityOptions,
): Promise<Extensions> {
  return {
    basicConstraints: basicConstraints({ cA: true, pathLength }),
    keyUsage: keyUsage([KEY_CERT_SIGN, CRL_SIGN]),
    subjectKeyId: subjectKeyId(await keyIdOf(key)),
    subjectAltName: subjectAltName([uriName(`spiffe://${trustDomain}`)]),
  };
}

async function leafExtensions(id: string, issuerKey: SigningKey, key: SigningKey): Promise<Extensions> {
  return {
    keyUsage: keyUsage([DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_AGREEMENT]),
    extendedKeyUsage: extendedKeyUsage([SERVER_AUTH, CLIENT_AUTH]),
    basicConstraints: basicConstraints({ cA: false }),
    subjectKeyId: subjectKeyId(await keyIdOf(key)),
    authorityKeyId: authorityKeyId(await keyIdOf(issuerKey)),
    subjectAltName: subjectAltName([uriName(id)]),
  };
}
