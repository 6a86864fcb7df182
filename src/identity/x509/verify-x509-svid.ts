import { trustDomainOf, type TrustDomain } from "../spiffe-id.ts";
import type { Certificate } from "./certificate.ts";
import type { X509Svid } from "./read-x509-svid.ts";
import { signingFault } from "./signing-certificate.ts";
import { isSignedBy } from "./verify-signature.ts";
import type { X509SvidRefusal } from "./x509-svid-refusal.ts";

/**
 * Maximum issuers to try for one leaf, and thereby maximum signature checks. The client chooses the names by which issuers
 * are found. A path through the maximum number of intermediates has nine.
 */
const MAX_ISSUERS_TRIED = 16;

/**
 * Returns why these authorities do not prove an X.509-SVID, or `undefined` if a path leads from one of them to the leaf
 * (X509-SVID, section 5.1; RFC 5280, section 6.1). Pass the authorities of the trust domain in the leaf's own ID: no other
 * may speak for it.
 *
 * An authority is trusted because it is in the bundle; it need not be self-signed. All other rules for signing certificates
 * apply to it. Names are equal if their bytes are, and if both certificates name a key id, the ids must be equal. `now` is in
 * milliseconds since 1970; validity includes both ends, without leeway.
 *
 * Signatures are checked from the authority downwards, so only keys of proved certificates are used. Never rejects for a bad
 * certificate.
 */
export async function verifyX509Svid(
  { id, leaf, intermediates }: X509Svid,
  authorities: readonly Certificate[],
  now: number,
): Promise<X509SvidRefusal | undefined> {
  if (now < leaf.notBefore) return "certificate-not-yet-valid";
  if (now > leaf.notAfter) return "certificate-expired";
  const search = { authorities, trustDomain: trustDomainOf(id), now, issuersLeft: MAX_ISSUERS_TRIED };
  return await pathFault(leaf, { unused: intermediates, below: 0 }, search);
}

interface Search {
  readonly authorities: readonly Certificate[];
  readonly trustDomain: TrustDomain;
  readonly now: number;
  issuersLeft: number;
}

interface PathState {
  /** The intermediates that are not on the path yet. */
  readonly unused: readonly Certificate[];
  /** The number of intermediates on the path below the issuer of the certificate. */
  readonly below: number;
}

/** Returns why no path leads from an authority to this certificate; undefined if one does. */
async function pathFault(
  certificate: Certificate,
  path: PathState,
  search: Search,
): Promise<X509SvidRefusal | undefined> {
  if (certificate.signatureAlgorithm === undefined) return "certificate-signature-algorithm";
  let reason: X509SvidRefusal = "certificate-issuer-unknown";
  for (const issuer of [...search.authorities, ...path.unused].filter((other) => mayHaveIssued(other, certificate))) {
    if (search.issuersLeft === 0) return "certificate-path-search";
    search.issuersLeft -= 1;
    const fault = await issuerFault(issuer, { certificate, path }, search);
    if (fault === undefined) return undefined;
    // Why a known issuer does not qualify is more useful than that no issuer was found.
    if (fault !== "certificate-issuer-unknown") reason = fault;
  }
  return reason;
}

async function issuerFault(
  issuer: Certificate,
  { certificate, path }: { readonly certificate: Certificate; readonly path: PathState },
  search: Search,
): Promise<X509SvidRefusal | undefined> {
  const { trustDomain, now } = search;
  const fault = signingFault(issuer, { trustDomain, below: path.below, now });
  if (fault !== undefined) return fault;
  if (!search.authorities.includes(issuer)) {
    const above = { unused: path.unused.filter((other) => other !== issuer), below: path.below + 1 };
    const unproved = await pathFault(issuer, above, search);
    if (unproved !== undefined) return unproved;
  }
  const isSigned = issuer.publicKey !== undefined && (await isSignedBy(certificate, issuer.publicKey));
  return isSigned ? undefined : "certificate-signature";
}

/** RFC 5280, sections 6.1.3 a 4 and 4.2.1.1. */
function mayHaveIssued(issuer: Certificate, certificate: Certificate): boolean {
  const { subjectKeyId } = issuer.extensions;
  const { authorityKeyId } = certificate.extensions;
  const isSameKey = subjectKeyId === undefined || authorityKeyId === undefined || subjectKeyId === authorityKeyId;
  return issuer.subject === certificate.issuer && isSameKey;
}
