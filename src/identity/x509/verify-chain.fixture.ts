import { parseCertificate } from "./certificate.ts";
import type { CertificateChain } from "./certificate-chain.ts";
import type { Der } from "./der.fixture.ts";
import type { TestAuthority } from "./minting.fixture.ts";
import { readX509Svid } from "./read-x509-svid.ts";
import { verifyX509Svid } from "./verify-x509-svid.ts";

export const NOW = Date.UTC(2026, 5, 1, 12);

export const chainOf = (leaf: Der, ...intermediates: readonly Der[]): CertificateChain => ({ leaf, intermediates });

/** Reads and verifies a chain: the reason of its refusal, or "valid". */
export async function verdict(chain: CertificateChain, authorities: readonly Der[], now = NOW): Promise<string> {
  const read = readX509Svid(chain);
  if (!read.ok) return `unread: ${read.reason}`;
  const parsed = authorities.map(parseCertificate).filter((authority) => authority !== undefined);
  if (parsed.length !== authorities.length) return "no authorities";
  return (await verifyX509Svid(read.svid, parsed, now)) ?? "valid";
}

/** A line of intermediates, each issued by the one before. */
export async function lineBelow(root: TestAuthority, count: number): Promise<TestAuthority> {
  return count === 0 ? root : await (await lineBelow(root, count - 1)).issueIntermediate();
}
