import type { TrustBundle } from "./bundle/trust-bundle.ts";
import type { Claim } from "./claim.ts";
import { bearerToken } from "./jwt/bearer.ts";
import { claimedId } from "./jwt/claimed-id.ts";
import type { JwtSvidClaimsOptions } from "./jwt/jwt-svid-claims.ts";
import { type JwtSvid, readJwtSvid } from "./jwt/read-jwt-svid.ts";
import { verifyJwtSvid } from "./jwt/verify-jwt-svid.ts";
import { isCallerId, type SpiffeId, type TrustDomain, trustDomainOf } from "./spiffe-id.ts";
import type { CertificateChain } from "./x509/certificate-chain.ts";
import type { ClientCertificate } from "./x509/client-certificate.ts";
import { readX509Svid, type X509Svid } from "./x509/read-x509-svid.ts";
import { verifyX509Svid } from "./x509/verify-x509-svid.ts";

/** The trust settings of the service. */
export interface CallerTrust {
  /** The bundle of each trust domain whose keys are configured. */
  readonly bundles: ReadonlyMap<TrustDomain, TrustBundle>;
  /** True if the configuration names the domain, with or without a bundle. Stored bundles do not count for it. */
  isStatic(trustDomain: TrustDomain): boolean;
  /** The audience of this service, and the bounds on a token's times. */
  readonly tokens: Omit<JwtSvidClaimsOptions, "now">;
}

/** The credentials of a request. */
export interface Credentials {
  /** The value of the Authorization header. */
  readonly authorization: string | null;
  /** The certificate whose key the client is known to hold. */
  readonly certificate: ClientCertificate;
}

export type Authentication =
  | {
      readonly ok: true;
      readonly caller: SpiffeId;
      /** Set if the identity is not verified yet: only a stored bundle of its trust domain can prove it. */
      readonly claim: Claim | undefined;
    }
  | {
      readonly ok: false;
      /** A stable code for the operator's log. Callers get the same 401 for every code. */
      readonly reason: string;
      /** The unverified identity that the credentials name, for the audit log. */
      readonly claimed: SpiffeId | undefined;
    };

/**
 * Authenticates a caller by a JWT-SVID as bearer token, by an X.509-SVID as client certificate, or by both, which must
 * then name the same identity. The ID must satisfy {@link isCallerId}. `now` is in milliseconds since 1970.
 *
 * One invalid credential refuses the request, even if the other one is valid. Never throws for invalid credentials.
 *
 * Only keys from the bundle of the identity's own trust domain count (SPIFFE-ID, section 3; X509-SVID, section 5). With a
 * configured bundle the result is final. Without one it is a claim, which a stored bundle must prove.
 */
export async function authenticate(
  { authorization, certificate }: Credentials,
  trust: CallerTrust,
  now: number,
): Promise<Authentication> {
  if (!certificate.ok) return refused(certificate.reason, undefined);
  const { chain } = certificate;
  const token = bearerToken(authorization);
  // A malformed header is refused even next to a certificate.
  if (token === undefined && (chain === undefined || authorization !== null)) {
    return refused("bearer-token-missing", undefined);
  }
  const read = readCredentials({ token, chain }, trust, now);
  if (!read.ok) return read;
  const { claim } = read;
  if (!isCallerId(claim.id)) return refused("caller-id", claim.id);
  const bundle = trust.bundles.get(claim.trustDomain);
  if (bundle === undefined) {
    if (trust.isStatic(claim.trustDomain)) return refused("trust-domain-unknown", claim.id);
    return { ok: true, caller: claim.id, claim };
  }
  const reason = await claim.refusalBy(bundle);
  return reason === undefined ? { ok: true, caller: claim.id, claim: undefined } : refused(reason, claim.id);
}

type Refused = Extract<Authentication, { readonly ok: false }>;

function refused(reason: string, claimed: SpiffeId | undefined): Refused {
  return { ok: false, reason, claimed };
}

/** The claim that both credentials make. At least one of them is present. */
function readCredentials(
  { token, chain }: { readonly token: string | undefined; readonly chain: CertificateChain | undefined },
  trust: CallerTrust,
  now: number,
): { readonly ok: true; readonly claim: Claim } | Refused {
  const jwt = token === undefined ? undefined : readJwtSvid(token, { ...trust.tokens, now });
  if (jwt?.ok === false) return refused(jwt.reason, token === undefined ? undefined : claimedId(token));
  const x509 = chain && readX509Svid(chain);
  if (x509?.ok === false) return refused(x509.reason, jwt?.svid.id);
  const id = jwt?.svid.id ?? x509?.svid.id;
  if (id === undefined) return refused("bearer-token-missing", undefined);
  if (x509 !== undefined && x509.svid.id !== id) return refused("identities-differ", id);
  return { ok: true, claim: claimOf(id, { jwt: jwt?.svid, x509: x509?.svid, now }) };
}

function claimOf(
  id: SpiffeId,
  svids: { readonly jwt: JwtSvid | undefined; readonly x509: X509Svid | undefined; readonly now: number },
): Claim {
  const { jwt, x509, now } = svids;
  return {
    id,
    trustDomain: trustDomainOf(id),
    signedBy: jwt && { keyId: jwt.header.kid, algorithm: jwt.header.alg },
    async refusalBy(bundle) {
      const refusal = jwt && (await verifyJwtSvid(jwt, bundle));
      return refusal ?? (x509 && (await verifyX509Svid(x509, bundle.authorities, now)));
    },
  };
}
