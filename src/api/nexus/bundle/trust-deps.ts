import type { TrustDeps } from "../../../trust/deps.ts";
import { reportBundle } from "../../report-problems.ts";
import type { DepsSource } from "../operation.ts";

export function trustDeps({ write, service, requestId }: DepsSource): TrustDeps {
  return {
    ...write,
    isStatic: (trustDomain) => service.trust.isStatic(trustDomain),
    reportBundle: reportBundle(service.platform.log, requestId),
  };
}
