import type { PolicyDeps } from "../../../policy/deps.ts";
import { reportPolicy } from "../../report-problems.ts";
import type { DepsSource } from "../operation.ts";

export function policyDeps({ write, service, requestId }: DepsSource): PolicyDeps {
  return { ...write, reportPolicy: reportPolicy(service.platform.log, requestId) };
}
