import type { Fault } from "../json/fault.ts";
import { parsePattern } from "./pattern.ts";
import { parsePermissions, PERMISSIONS_RULE } from "./permission.ts";
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
  | { readonly ok: false; readonly fault: Fault };

/** Checks a requested policy against the rules for patterns and permissions. */
export function checkPolicy(input: PolicyInput): CheckedPolicy {
  const { spiffeIdPattern, pathPattern } = input;
  const spiffeId = parsePattern("spiffeId", spiffeIdPattern);
  if (!spiffeId.ok) return refuse("spiffeidPattern", `is refused: ${spiffeId.detail}`);
  const path = parsePattern("path", pathPattern);
  if (!path.ok) return refuse("pathPattern", `is refused: ${path.detail}`);
  const permissions = parsePermissions(input.permissions);
  if (permissions === undefined) {
    return { ok: false, fault: { member: "permissions", ...PERMISSIONS_RULE } };
  }
  const reserved = findUnqualifiedPath({ spiffeId: spiffeId.pattern, path: path.pattern });
  if (reserved !== undefined) {
    return refuse(
      "pathPattern",
      `reaches the reserved path ${reserved}: it must match that path as a whole, and spiffeidPattern must begin ` +
        "with ^ and end with $",
    );
  }
  const keys = { idKey: spiffeId.pattern.key, pathKey: path.pattern.key };
  return {
    ok: true,
    rules: { spiffeIdPattern, pathPattern, permissions, ...keys },
    warnings: patternWarnings(spiffeId.pattern, path.pattern),
  };
}

function refuse(member: string, rule: string): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: { member, rule } };
}
