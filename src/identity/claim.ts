import type { TrustBundle } from "./bundle/trust-bundle.ts";
import type { JwtSvidAlgorithm } from "./jwt/jwt-svid-algorithm.ts";
import type { SpiffeId, TrustDomain } from "./spiffe-id.ts";

/** An identity that is claimed in good form, for us and for now, and that a bundle of its trust domain has yet to prove. */
export interface Claim {
  readonly id: SpiffeId;
  readonly trustDomain: TrustDomain;
  /** What is said to have signed the token; undefined where there is none. A token need not name its key. */
  readonly signedBy: { readonly keyId: string | undefined; readonly algorithm: JwtSvidAlgorithm } | undefined;
  /** Why this bundle does not prove the claim, as a stable code; undefined if it does. Never rejects. */
  refusalBy(bundle: TrustBundle): Promise<string | undefined>;
}
