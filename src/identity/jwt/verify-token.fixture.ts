import { trustDomainOf, type SpiffeId, type TrustDomain } from "../spiffe-id.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";
import type { JwtSvidClaimsOptions } from "./jwt-svid-claims.ts";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import { readJwtSvid } from "./read-jwt-svid.ts";
import { verifyJwtSvid } from "./verify-jwt-svid.ts";

export interface VerifyTokenOptions extends JwtSvidClaimsOptions {
  readonly bundleOf: (trustDomain: TrustDomain) => TrustBundle | undefined;
}

type Verdict =
  | { readonly ok: true; readonly id: SpiffeId; readonly expiresAt: number }
  | { readonly ok: false; readonly reason: JwtSvidRefusal | "trust-domain-unknown" };

/** Reads and verifies a token, as the service does with a configured bundle. */
export async function verifyToken(token: string, options: VerifyTokenOptions): Promise<Verdict> {
  const read = readJwtSvid(token, options);
  if (!read.ok) return read;
  const { id, expiresAt } = read.svid;
  const bundle = options.bundleOf(trustDomainOf(id));
  if (bundle === undefined) return { ok: false, reason: "trust-domain-unknown" };
  const reason = await verifyJwtSvid(read.svid, bundle);
  return reason === undefined ? { ok: true, id, expiresAt } : { ok: false, reason };
}
