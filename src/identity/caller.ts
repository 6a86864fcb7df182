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

/** Whom to believe. */
export interface CallerTrust {
  /** The bundle of each trust domain whose keys are configured. */
  readonly bundles: ReadonlyMap<TrustDomain, TrustBundle>;
  /** Whether the configuration settles a domain, with a bundle or without: no stored bundle counts for it. */
  isStatic(trustDomain: TrustDomain): boolean;
  /** The audience that is ours, and the bounds on a token's times. */
  readonly tokens: Omit<JwtSvidClaimsOptions, "now">;
}

/** What a request brings along to say who sends it. */
export interface Credentials {
  /** Value of the Authorization header. */
  readonly authorization: string | null;
  /** The certificate whose key the client is known to hold. */
  readonly certificate: ClientCertificate;
}

export type Authentication =
  | {
      readonly ok: true;
      readonly caller: SpiffeId;
      /** Set while nothing is proved yet: the bundle of this trust domain is in the store, if anywhere. */
      readonly claim: Claim | undefined;
    }
  | {
      readonly ok: false;
      /** A stable code for the operator's log. Towards the caller all are one and the same 401. */
      readonly reason: string;
      /** Whose the credentials say they are, unverified: for the audit. */
      readonly claimed: SpiffeId | undefined;
    };

/**
 * Says who is calling: by a JWT-SVID as bearer token, by an X.509-SVID as client certificate, or by both, which then have to
 * name the same identity. The ID has to be one that may call ({@link isCallerId}). `now` is in milliseconds since 1970.
 *
 * One credential that is no good refuses the request, whatever the other one says. Never throws for bad credentials.
 *
 * Keys come from the bundle of the identity's own trust domain alone (SPIFFE-ID, section 3; X509-SVID, section 5): with a
 * configured bundle the answer is final, without one it is a claim for a stored bundle to prove.
 */
export async function authenticate(
  { authorization, certificate }: Credentials,
  trust: CallerTrust,
  now: number,
): Promise<Authentication> {
  if (!certificate.ok) return refused(certificate.reason, undefined);
  const { chain } = certificate;
  const token = bearerToken(authorization);
  // A header that is not one bearer token is a fault of its own, beside a certificate too.
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

/** What the credentials claim together, in good form. At least one of them is there. */
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
