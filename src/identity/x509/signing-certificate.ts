import { trustDomainOf, type TrustDomain, parseSpiffeId, pathOf } from "../spiffe-id.ts";
import type { Certificate } from "./certificate.ts";
import { ANY_PURPOSE, CLIENT_AUTH } from "./extended-key-usage.ts";
import type { X509SvidRefusal } from "./x509-svid-refusal.ts";

/** Whether a certificate may sign others at all (X509-SVID, section 3.2; RFC 5280, section 6.1.4 k and n). */
export function isAuthority({ extensions }: Certificate): boolean {
  return extensions.basicConstraints?.cA === true && extensions.keyUsage?.keyCertSign === true;
}

/**
 * Why a certificate may not sign another one on a path now, or `undefined` if it may: what X509-SVID, sections 3.2 and 4,
 * and RFC 5280, section 6.1.4, ask of each signing certificate but its own signature.
 *
 * @param path `trustDomain`: the leaf's. `below`: how many intermediates are below it. `now`: milliseconds since 1970.
 */
export function signingFault(
  issuer: Certificate,
  path: { readonly trustDomain: TrustDomain; readonly below: number; readonly now: number },
): X509SvidRefusal | undefined {
  const { extensions, notBefore, notAfter, publicKey } = issuer;
  if (!isAuthority(issuer)) return "certificate-issuer-not-authority";
  if (publicKey === undefined) return "certificate-issuer-key";
  if (path.now < notBefore) return "certificate-issuer-not-yet-valid";
  if (path.now > notAfter) return "certificate-issuer-expired";
  // Each intermediate counts, as in Go. RFC 5280 leaves out those that have their issuer's name; but then an authority
  // that may have none below it could appoint others of its own name.
  const { pathLength } = extensions.basicConstraints ?? {};
  if (pathLength !== undefined && path.below > pathLength) return "certificate-path-length";
  if (!isNamedFor(issuer, path.trustDomain)) return "certificate-issuer-id";
  if (!isForClients(issuer)) return "certificate-issuer-extended-key-usage";
  return extensionFault(issuer);
}

/** What no certificate on a path may have, the leaf included: what would restrict it in a way that no rule here follows. */
export function extensionFault({ extensions }: Certificate): X509SvidRefusal | undefined {
  // Critical or not: they narrow what may be below, and hardly any implementation follows those on URIs (section 4.2).
  if (extensions.nameConstraints) return "certificate-name-constraints";
  return extensions.unknownCritical && "certificate-critical-extension";
}

/** A signing certificate need have no SPIFFE ID. If it has, it is the one of the trust domain, and its only URI. */
function isNamedFor({ extensions }: Certificate, trustDomain: TrustDomain): boolean {
  const [uri, ...more] = extensions.subjectAltName?.uris ?? [];
  if (uri === undefined) return true;
  const id = parseSpiffeId(uri);
  return more.length === 0 && id !== undefined && pathOf(id) === "" && trustDomainOf(id) === trustDomain;
}

/** An authority that is for other purposes alone, code or mail, does not identify clients. */
function isForClients({ extensions: { extendedKeyUsage } }: Certificate): boolean {
  return extendedKeyUsage === undefined || extendedKeyUsage.has(CLIENT_AUTH) || extendedKeyUsage.has(ANY_PURPOSE);
}
