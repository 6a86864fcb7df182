import type { WriteDeps } from "../commit/deps.ts";

/** A stored policy that grants nothing because it does not verify or parse. For the operator's log. */
export interface PolicyProblem {
  /** Name of the policy. */
  readonly policy: string;
  readonly reason: string;
  readonly detail: string;
}

export type ReportPolicy = (problem: PolicyProblem) => void;

/** What the policy operations need, for one request. */
export interface PolicyDeps extends WriteDeps {
  readonly reportPolicy: ReportPolicy;
}
