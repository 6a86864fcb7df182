import type { TrustBundle } from "./bundle/trust-bundle.ts";
import type { JwtSvidAlgorithm } from "./jwt/jwt-svid-algorithm.ts";
import type { SpiffeId, TrustDomain } from "./spiffe-id.ts";

/**
 * A claimed identity. Its credentials are well-formed, meant for this service and valid now; a bundle of its trust domain
 * has yet to prove them.
 */
export interface Claim {
  readonly id: SpiffeId;
  readonly trustDomain: TrustDomain;
  /** The key and algorithm that the token names; undefined without a token. A token may omit the key id. */
  readonly signedBy: { readonly keyId: string | undefined; readonly algorithm: JwtSvidAlgorithm } | undefined;
  /** Returns a stable code if this bundle does not prove the claim, `undefined` if it does. Never rejects. */
  refusalBy(bundle: TrustBundle): Promise<string | undefined>;
}
