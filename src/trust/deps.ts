import type { WriteDeps } from "../commit/deps.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";

/** A stored bundle that was passed over, for the operator's log. */
export interface BundleProblem {
  readonly trustDomain: string;
  readonly reason: string;
  readonly detail: string;
}

/** What the verbs of this room work with, for one request. */
export interface TrustDeps extends WriteDeps {
  /** Whether a domain is settled by the configuration: then nothing is stored for it. */
  isStatic(trustDomain: TrustDomain): boolean;
  readonly reportBundle: (problem: BundleProblem) => void;
}
