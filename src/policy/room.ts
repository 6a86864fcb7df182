import type { WriteRoom } from "../audit/audited-write.ts";
import type { ReportProblem } from "./policy-problem.ts";

/** What the verbs of this room work with, for one request. */
export interface PolicyRoom extends WriteRoom {
  readonly report: ReportProblem;
}
