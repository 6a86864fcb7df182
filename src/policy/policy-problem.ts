/** A stored policy that was passed over, for the operator's log. */
export interface PolicyProblem {
  readonly policy: string;
  readonly reason: string;
  readonly detail: string;
}

export type ReportProblem = (problem: PolicyProblem) => void;
