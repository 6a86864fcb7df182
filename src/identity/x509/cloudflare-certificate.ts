import type { ClientCertificate, ClientCertificateRefusal } from "./client-certificate.ts";
import { readRfc9440 } from "./read-rfc9440.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The client certificate of a request as Cloudflare tells it in `request.cf.tlsClientAuth`, which no header of a client
 * gets into. No `cf`, or no such object in it, is no certificate: so it is in subrequests, over service bindings, and where
 * the zone asks for none.
 *
 * Cloudflare verifies against the authorities that were uploaded for the host, and knows no rule of SPIFFE; and authorities
 * of SPIFFE rotate within hours, an upload does not. So `SUCCESS` is taken as proof that the client holds the key, never as
 * proof of who it is: that takes `verifyX509Svid`, on the same octets. All else is refused, although the certificate is
 * there as well then, and although Cloudflare may have seen the key: it does not promise to.
 *
 * Names, serial numbers and fingerprints are not read: they are texts about a certificate, which another one may share.
 */
export function cloudflareCertificate(cf: unknown): ClientCertificate {
  const fields = isRecord(cf) ? (cf["tlsClientAuth"] ?? undefined) : undefined;
  if (fields === undefined) return { ok: true, chain: undefined };
  if (!isRecord(fields)) return refused("certificate-field");
  if (fields["certPresented"] !== "1") return notPresented(fields);
  // Both are strings: "0" is true to an `if`. A revoked certificate may well be verified.
  if (fields["certVerified"] !== "SUCCESS") return refused("certificate-not-verified");
  if (fields["certRevoked"] !== "0") return refused("certificate-revoked");
  const { certRFC9440: leaf, certChainRFC9440: chain } = fields;
  const isTooLarge = [fields["certRFC9440TooLarge"], fields["certChainRFC9440TooLarge"]];
  // A field that was too large is empty: taken for "no intermediates", it would change what is verified.
  if (isTooLarge.includes(true)) return refused("certificate-too-large");
  if (!isTooLarge.every((flag) => flag === false)) return refused("certificate-field");
  if (typeof leaf !== "string" || typeof chain !== "string") return refused("certificate-field");
  return readRfc9440(leaf, chain);
}

/** The object is there without a certificate as well, its texts empty. One that contradicts itself is not believed. */
function notPresented(fields: Fields): ClientCertificate {
  const isSaid = fields["certPresented"] === "0" || fields["certPresented"] === "";
  const isEmpty = (fields["certRFC9440"] ?? "") === "" && (fields["certRFC9440TooLarge"] ?? false) === false;
  return isSaid && isEmpty ? { ok: true, chain: undefined } : refused("certificate-field");
}

function refused(reason: ClientCertificateRefusal): ClientCertificate {
  return { ok: false, reason };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
