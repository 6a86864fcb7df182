import type { BundleProblem } from "../trust/deps.ts";
import type { RequestScope } from "./request-scope.ts";
import type { Service } from "./service.ts";

/** Tells the operator of a stored bundle that vouches for nobody. */
export function reportBundle(
  service: Service,
  { id }: Pick<RequestScope, "id">,
  { trustDomain, reason, detail }: BundleProblem,
): void {
  const line = { level: "error", event: "bundle_ignored", requestId: id } as const;
  service.platform.log({ ...line, reason, detail: `bundle of "${trustDomain}": ${detail}` });
}
