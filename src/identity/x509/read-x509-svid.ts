import { parseSpiffeId, pathOf, type SpiffeId } from "../spiffe-id.ts";
import { type Certificate, EMPTY_NAME, parseCertificate } from "./certificate.ts";
import type { CertificateChain } from "./certificate-chain.ts";
import { CLIENT_AUTH, SERVER_AUTH } from "./extended-key-usage.ts";
import { MAX_CHAIN_BYTES, MAX_INTERMEDIATES } from "./limits.ts";
import { extensionFault } from "./signing-certificate.ts";
import type { X509SvidRefusal } from "./x509-svid-refusal.ts";

/** A well-formed X.509-SVID. Unverified: anyone can write one. */
export interface X509Svid {
  readonly id: SpiffeId;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly leaf: Certificate;
  /** In any order; some may be unrelated to the leaf. */
  readonly intermediates: readonly Certificate[];
}

/**
 * Reads an X.509-SVID (SPIFFE X509-SVID, sections 2 to 5.2) and checks every rule about the leaf itself. `verifyX509Svid`
 * checks the time and the path to an authority with the bundle of the trust domain.
 *
 * Never throws for any bytes, and no refusal quotes them. Reads at most 10 KiB of leaf and 8 intermediates of 16 KiB in
 * total.
 */
export function readX509Svid(
  chain: CertificateChain,
): { readonly ok: true; readonly svid: X509Svid } | { readonly ok: false; readonly reason: X509SvidRefusal } {
  const leaf = parseCertificate(chain.leaf);
  if (leaf === undefined) return { ok: false, reason: "certificate-malformed" };
  const id = workloadId(leaf);
  if (!id.ok) return id;
  const reason = leafFault(leaf);
  if (reason !== undefined) return { ok: false, reason };
  const intermediates = readIntermediates(chain.intermediates);
  if (typeof intermediates === "string") return { ok: false, reason: intermediates };
  return { ok: true, svid: { id: id.id, expiresAt: leaf.notAfter, leaf, intermediates } };
}

/** Sections 2, 3.1 and 5.2. Names of other kinds are allowed next to the URI and ignored. */
function workloadId({
  extensions: { subjectAltName },
}: Certificate):
  | { readonly ok: true; readonly id: SpiffeId }
  | { readonly ok: false; readonly reason: X509SvidRefusal } {
  const [uri, ...more] = subjectAltName?.uris ?? [];
  if (uri === undefined || more.length > 0) return { ok: false, reason: "certificate-uri-count" };
  const id = parseSpiffeId(uri);
  if (id === undefined) return { ok: false, reason: "certificate-spiffe-id" };
  return pathOf(id) === "" ? { ok: false, reason: "certificate-id-path" } : { ok: true, id };
}

/** Sections 3.1, 4.1, 4.3 and 4.4. */
function leafFault(leaf: Certificate): X509SvidRefusal | undefined {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectAltName } = leaf.extensions;
  if (leaf.subject === EMPTY_NAME && subjectAltName?.critical !== true) return "certificate-names-not-critical";
  if (basicConstraints?.cA === true) return "certificate-is-authority";
  if (keyUsage === undefined) return "certificate-key-usage-missing";
  if (!keyUsage.critical) return "certificate-key-usage-not-critical";
  if (!keyUsage.digitalSignature || keyUsage.keyCertSign || keyUsage.cRLSign) return "certificate-key-usage";
  // The standard requires these two purposes, so "any purpose" does not suffice.
  const isForTls = extendedKeyUsage?.has(SERVER_AUTH) === true && extendedKeyUsage.has(CLIENT_AUTH);
  if (extendedKeyUsage !== undefined && !isForTls) return "certificate-extended-key-usage";
  // A weak key can be computed, so holding it proves nothing.
  if (leaf.publicKey === undefined) return "certificate-key";
  return extensionFault(leaf);
}

function readIntermediates(ders: CertificateChain["intermediates"]): readonly Certificate[] | X509SvidRefusal {
  const octets = ders.reduce((sum, der) => sum + der.length, 0);
  if (ders.length > MAX_INTERMEDIATES || octets > MAX_CHAIN_BYTES) return "certificate-chain-too-large";
  const intermediates = ders.map(parseCertificate).filter((certificate) => certificate !== undefined);
  return intermediates.length === ders.length ? intermediates : "certificate-chain-malformed";
}
