import { parsePolicyName } from "../../../policy/policy-name.ts";

/** A policy as the audit names it; nothing for what can be no policy's name. */
export function policyResource(name: string): string | undefined {
  return parsePolicyName(name) && `policy:${name}`;
}
