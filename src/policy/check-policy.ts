import { parsePattern } from "./pattern.ts";
import { parsePermissions } from "./permission.ts";
import type { PolicyName } from "./policy-name.ts";
import { guardProblem } from "./reserved.ts";
import type { IndexedRules } from "./seal-policy.ts";
import { patternWarnings } from "./warnings.ts";

/** A policy as somebody wants it, in the protocol's words. */
export interface WantedPolicy {
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly string[];
}

/** What a wanted policy comes to, or what is wrong with it. */
export type CheckedPolicy =
  | {
      readonly ok: true;
      readonly rules: IndexedRules;
      /** What of the patterns may grant more than meant, or be found slowly; one sentence each. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly detail: string };

/** What of a wanted policy breaks a rule, in words that do not repeat the patterns; or the rules that it comes to. */
export function checkPolicy(name: PolicyName, wanted: WantedPolicy): CheckedPolicy {
  const { spiffeIdPattern, pathPattern } = wanted;
  const spiffeId = parsePattern("spiffeId", spiffeIdPattern);
  if (!spiffeId.ok) return refuse(`SPIFFE ID pattern of policy "${name}": ${spiffeId.detail}`);
  const path = parsePattern("path", pathPattern);
  if (!path.ok) return refuse(`path pattern of policy "${name}": ${path.detail}`);
  const permissions = parsePermissions(wanted.permissions);
  if (permissions === undefined) {
    return refuse(`permissions of policy "${name}" are not some of read, write, list, execute, super`);
  }
  const reserved = guardProblem({ spiffeId: spiffeId.pattern, path: path.pattern });
  if (reserved !== undefined) {
    return refuse(
      `policy "${name}" reaches "${reserved}": its path pattern has to describe that path as a whole, ` +
        `and its SPIFFE ID pattern to begin with ^ and end with $`,
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
