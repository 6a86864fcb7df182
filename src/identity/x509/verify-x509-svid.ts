import { trustDomainOf, type TrustDomain } from "../spiffe-id.ts";
import type { Certificate } from "./certificate.ts";
import type { X509Svid } from "./read-x509-svid.ts";
import { signingFault } from "./signing-certificate.ts";
import { isSignedBy } from "./verify-signature.ts";
import type { X509SvidRefusal } from "./x509-svid-refusal.ts";

/**
 * How many issuers are tried for one leaf, and so how many signatures are checked at most: the client chooses the names
 * by which they are found. A path through all intermediates that may come along has nine.
 */
const MAX_ISSUERS_TRIED = 16;

/**
 * Says why these authorities do not prove an X.509-SVID that was read, or `undefined` if a path leads from one of them down
 * to the leaf (X509-SVID, section 5.1; RFC 5280, section 6.1). The authorities have to be those of the trust domain that
 * the leaf's own ID names: no other may speak for it.
 *
 * An authority is believed because it is in the bundle; it need not be signed by itself. All else that is asked of a signing
 * certificate is asked of it as well. Names are one if they are the same bytes, and where both sides name a key, it has to be
 * the same one. `now` is in milliseconds since 1970; both ends of a validity are within it, without leeway.
 *
 * A signature is only ever checked with the key of a certificate that is itself proved, from the authority downwards. Never
 * rejects for a bad certificate.
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

interface Rest {
  /** The intermediates that are not on the path yet. */
  readonly unused: readonly Certificate[];
  /** How many of them are, below whoever signed the certificate. */
  readonly below: number;
}

/** Why no path leads from an authority down to this certificate. */
async function pathFault(certificate: Certificate, rest: Rest, search: Search): Promise<X509SvidRefusal | undefined> {
  if (certificate.signatureAlgorithm === undefined) return "certificate-signature-algorithm";
  let reason: X509SvidRefusal = "certificate-issuer-unknown";
  for (const issuer of [...search.authorities, ...rest.unused].filter((other) => mayHaveIssued(other, certificate))) {
    if (search.issuersLeft === 0) return "certificate-path-search";
    search.issuersLeft -= 1;
    const fault = await issuerFault(issuer, { certificate, rest }, search);
    if (fault === undefined) return undefined;
    // That another one was found, and why it does not do, tells more than that none was.
    if (fault !== "certificate-issuer-unknown") reason = fault;
  }
  return reason;
}

async function issuerFault(
  issuer: Certificate,
  { certificate, rest }: { readonly certificate: Certificate; readonly rest: Rest },
  search: Search,
): Promise<X509SvidRefusal | undefined> {
  const { trustDomain, now } = search;
  const fault = signingFault(issuer, { trustDomain, below: rest.below, now });
  if (fault !== undefined) return fault;
  if (!search.authorities.includes(issuer)) {
    const above = { unused: rest.unused.filter((other) => other !== issuer), below: rest.below + 1 };
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
