import type { WriteDeps } from "../commit/deps.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";

/** A stored bundle that authenticates no identity because it does not verify. For the operator's log. */
export interface BundleProblem {
  readonly trustDomain: string;
  readonly reason: string;
  readonly detail: string;
}

/** What the trust bundle operations need, for one request. */
export interface TrustDeps extends WriteDeps {
  /** Whether the configuration sets the keys of a trust domain. Its bundle is then never stored. */
  isStatic(trustDomain: TrustDomain): boolean;
  readonly reportBundle: (problem: BundleProblem) => void;
}
