import { parsePattern } from "./pattern.ts";
import { parsePermissions } from "./permission.ts";
import type { PolicyName } from "./policy-name.ts";
import { findUnqualifiedPath } from "./reserved.ts";
import type { IndexedRules } from "./seal-policy.ts";
import { patternWarnings } from "./warnings.ts";

/** A requested policy, as the request spells it. */
export interface PolicyInput {
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly string[];
}

/** The rules to store, or the reason why the policy is refused. */
export type CheckedPolicy =
  | {
      readonly ok: true;
      readonly rules: IndexedRules;
      /** See {@link patternWarnings}. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly detail: string };

/** Checks a requested policy against the rules for patterns and permissions. `detail` does not quote the patterns. */
export function checkPolicy(name: PolicyName, input: PolicyInput): CheckedPolicy {
  const { spiffeIdPattern, pathPattern } = input;
  const spiffeId = parsePattern("spiffeId", spiffeIdPattern);
  if (!spiffeId.ok) return refuse(`SPIFFE ID pattern of policy "${name}": ${spiffeId.detail}`);
  const path = parsePattern("path", pathPattern);
  if (!path.ok) return refuse(`path pattern of policy "${name}": ${path.detail}`);
  const permissions = parsePermissions(input.permissions);
  if (permissions === undefined) {
    return refuse(`permissions of policy "${name}" must be one or more of read, write, list, execute, super`);
  }
  const reserved = findUnqualifiedPath({ spiffeId: spiffeId.pattern, path: path.pattern });
  if (reserved !== undefined) {
    return refuse(
      `policy "${name}" reaches the reserved path "${reserved}": its path pattern must match that path as a whole, ` +
        `and its SPIFFE ID pattern must begin with ^ and end with $`,
    );
  }
  const keys = { idKey: spiffeId.pattern.key, pathKey: path.pattern.key };
  return {
    ok: true,
    rules: { spiffeIdPattern, pathPattern, permissions, ...keys },
    warnings: patternWarnings(spiffeId.pattern, path.pattern),
  };
}

function refuse(detail: string): { readonly ok: false; readonly detail: string } {
  return { ok: false, detail };
}
