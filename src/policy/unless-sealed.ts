import { SealError } from "../seal/seal-error.ts";
import type { ReportProblem } from "./policy-problem.ts";

/** What the work comes to, or nothing, and a report, when the store is not what we wrote. */
export async function unlessSealed<T>(report: ReportProblem, policy: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report({ policy, reason: `seal_${error.reason}`, detail: error.detail });
    return undefined;
  }
}
