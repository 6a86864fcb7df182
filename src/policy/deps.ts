import type { WriteDeps } from "../commit/audited-write.ts";
import type { ReportProblem } from "./policy-problem.ts";

/** What the verbs of this room work with, for one request. */
export interface PolicyDeps extends WriteDeps {
  readonly report: ReportProblem;
}
