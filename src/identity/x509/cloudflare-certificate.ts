import type { ClientCertificate, ClientCertificateRefusal } from "./client-certificate.ts";
import { readRfc9440 } from "./read-rfc9440.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The client certificate of a request from `request.cf.tlsClientAuth`, which Cloudflare sets and clients cannot. Without
 * `cf` or this object there is no certificate: in subrequests, over service bindings, and in zones that do not request one.
 *
 * Cloudflare verifies against the authorities uploaded for the host. It does not know the rules of SPIFFE, whose
 * authorities rotate within hours. So `SUCCESS` only proves that the client holds the key; `verifyX509Svid` proves the
 * identity, from the same bytes. Any other result is refused, even though it comes with the certificate: Cloudflare does
 * not promise that the client proved its key then.
 *
 * Names, serial numbers and fingerprints are not read: different certificates can share them.
 */
export function cloudflareCertificate(cf: unknown): ClientCertificate {
  const fields = isRecord(cf) ? (cf["tlsClientAuth"] ?? undefined) : undefined;
  if (fields === undefined) return { ok: true, chain: undefined };
  if (!isRecord(fields)) return refused("certificate-field");
  if (fields["certPresented"] !== "1") return notPresented(fields);
  // Both are strings, so "0" is truthy. A revoked certificate can still be verified.
  if (fields["certVerified"] !== "SUCCESS") return refused("certificate-not-verified");
  if (fields["certRevoked"] !== "0") return refused("certificate-revoked");
  const { certRFC9440: leaf, certChainRFC9440: chain } = fields;
  const isTooLarge = [fields["certRFC9440TooLarge"], fields["certChainRFC9440TooLarge"]];
  // A field that was too large is empty. Reading it as "no intermediates" would change the chain.
  if (isTooLarge.includes(true)) return refused("certificate-too-large");
  if (!isTooLarge.every((flag) => flag === false)) return refused("certificate-field");
  if (typeof leaf !== "string" || typeof chain !== "string") return refused("certificate-field");
  return readRfc9440(leaf, chain);
}

/** Without a certificate the object is present with empty fields. An object that contradicts itself is refused. */
function notPresented(fields: Fields): ClientCertificate {
  const saysAbsent = fields["certPresented"] === "0" || fields["certPresented"] === "";
  const isEmpty = (fields["certRFC9440"] ?? "") === "" && (fields["certRFC9440TooLarge"] ?? false) === false;
  return saysAbsent && isEmpty ? { ok: true, chain: undefined } : refused("certificate-field");
}

function refused(reason: ClientCertificateRefusal): ClientCertificate {
  return { ok: false, reason };
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
