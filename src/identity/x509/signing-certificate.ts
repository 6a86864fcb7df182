import { trustDomainOf, type TrustDomain, parseSpiffeId, pathOf } from "../spiffe-id.ts";
import type { Certificate } from "./certificate.ts";
import { ANY_PURPOSE, CLIENT_AUTH } from "./extended-key-usage.ts";
import type { X509SvidRefusal } from "./x509-svid-refusal.ts";

/** Whether a certificate may sign others (X509-SVID, section 3.2; RFC 5280, section 6.1.4 k and n). */
export function isAuthority({ extensions }: Certificate): boolean {
  return extensions.basicConstraints?.cA === true && extensions.keyUsage?.keyCertSign === true;
}

/**
 * Returns why a certificate may not sign the next one on a path, or `undefined` if it may. Checks every rule of X509-SVID,
 * sections 3.2 and 4, and RFC 5280, section 6.1.4, except the certificate's own signature.
 *
 * @param path `trustDomain` of the leaf, the number of intermediates `below` the issuer, and `now` in milliseconds since
 * 1970.
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
  // Each intermediate counts, as in Go. RFC 5280 does not count those with the name of their issuer; an authority that may
  // have no intermediates could then issue them in its own name.
  const { pathLength } = extensions.basicConstraints ?? {};
  if (pathLength !== undefined && path.below > pathLength) return "certificate-path-length";
  if (!isNamedFor(issuer, path.trustDomain)) return "certificate-issuer-id";
  if (!isForClients(issuer)) return "certificate-issuer-extended-key-usage";
  return extensionFault(issuer);
}

/** Returns why an extension rules out any certificate on a path: it sets a restriction that is not supported here. */
export function extensionFault({ extensions }: Certificate): X509SvidRefusal | undefined {
  // Critical or not: they restrict the certificates below, and few implementations support them for URIs (section 4.2).
  if (extensions.nameConstraints) return "certificate-name-constraints";
  return extensions.unknownCritical && "certificate-critical-extension";
}

/** A signing certificate may lack a SPIFFE ID. If it has one, it must be the ID of the trust domain and its only URI. */
function isNamedFor({ extensions }: Certificate, trustDomain: TrustDomain): boolean {
  const [uri, ...more] = extensions.subjectAltName?.uris ?? [];
  if (uri === undefined) return true;
  const id = parseSpiffeId(uri);
  return more.length === 0 && id !== undefined && pathOf(id) === "" && trustDomainOf(id) === trustDomain;
}

/** An authority that is limited to other purposes, such as code or mail, may not identify clients. */
function isForClients({ extensions: { extendedKeyUsage } }: Certificate): boolean {
  return extendedKeyUsage === undefined || extendedKeyUsage.has(CLIENT_AUTH) || extendedKeyUsage.has(ANY_PURPOSE);
}
