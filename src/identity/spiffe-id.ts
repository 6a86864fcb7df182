declare const trustDomainBrand: unique symbol;
declare const spiffeIdBrand: unique symbol;

/** The name of a trust domain that passed {@link parseTrustDomain}: lower case, without the scheme. */
export type TrustDomain = string & { readonly [trustDomainBrand]: true };

/** A SPIFFE ID that passed {@link parseSpiffeId}: `spiffe://`, the trust domain, then an empty path or `/a/b`. */
export type SpiffeId = string & { readonly [spiffeIdBrand]: true };

const SCHEME = /^spiffe:\/\//i;
const PREFIX = "spiffe://";
const TRUST_DOMAIN = /^[a-z0-9._-]+$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
const MAX_ID_BYTES = 2048;
const MAX_TRUST_DOMAIN_BYTES = 255;

/**
 * The trust domain, or `undefined` unless it is 1 to 255 bytes of `a-z 0-9 . - _` (SPIFFE-ID, section 2.1).
 *
 * The standard compares trust domains case-insensitively and writes them in lower case. Upper case is refused instead of
 * folded, so that a domain has one spelling in maps, policies and logs.
 */
export function parseTrustDomain(text: string): TrustDomain | undefined {
  return isTrustDomain(text) ? text : undefined;
}

/**
 * The SPIFFE ID with its scheme in lower case, or `undefined` if the text breaks a rule of SPIFFE-ID, section 2: no
 * userinfo, port, query, fragment, percent-encoding or IPv6 literal; no empty, `.` or `..` segment and no trailing
 * slash; at most 2048 bytes. Nothing is trimmed or folded. Takes linear time.
 *
 * An empty path is accepted: `spiffe://example.org` is a SPIFFE ID, but no caller's ({@link isCallerId}).
 *
 * The URL class is not used: it drops tabs and newlines, folds Unicode hosts and resolves `..`, so its result can differ
 * from the text that the authority signed.
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  const id = text.replace(SCHEME, PREFIX);
  return isSpiffeId(id) ? id : undefined;
}

/** The trust domain of an ID. */
export function trustDomainOf(id: SpiffeId): TrustDomain {
  const slash = id.indexOf("/", PREFIX.length);
  // parseSpiffeId has checked this part.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return id.slice(PREFIX.length, slash < 0 ? undefined : slash) as TrustDomain;
}

/** The path of an ID: empty, or segments that each follow a slash. */
export function pathOf(id: SpiffeId): string {
  return id.slice(PREFIX.length + trustDomainOf(id).length);
}

/**
 * Whether callers may have this ID. Two rules beyond the standard's syntax:
 *
 * - No `_` in the trust domain. SPIKE matches its peer against `^spiffe://[a-zA-Z0-9.-]+(/[a-zA-Z0-9._-]+)*$`, and its
 *   policy patterns cannot name such a domain (spike-sdk-go, `validation`).
 * - A path. Without one, the ID names the trust domain's own authority. X509-SVID, section 5.2, requires a path in every
 *   leaf certificate. JWT-SVID does not, but a workload that may call with a token must also be able to with a certificate.
 */
export function isCallerId(id: SpiffeId): boolean {
  return pathOf(id) !== "" && !trustDomainOf(id).includes("_");
}

/** Every accepted character is ASCII, so the length in UTF-16 units is the length in bytes. */
function isTrustDomain(text: string): text is TrustDomain {
  return text.length <= MAX_TRUST_DOMAIN_BYTES && TRUST_DOMAIN.test(text);
}

function isSpiffeId(text: string): text is SpiffeId {
  if (text.length > MAX_ID_BYTES || !text.startsWith(PREFIX)) return false;
  const [trustDomain, ...segments] = text.slice(PREFIX.length).split("/");
  return trustDomain !== undefined && isTrustDomain(trustDomain) && segments.every(isSegment);
}

function isSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== "." && segment !== "..";
}
