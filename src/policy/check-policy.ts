import { parsePattern, type Pattern } from "./pattern.ts";
import { parsePermissions, type Permission } from "./permission.ts";
import { parsePolicyName, type PolicyName } from "./policy-name.ts";
import { guardProblem } from "./reserved.ts";

/** A policy as somebody wants it, in the protocol's words. */
export interface WantedPolicy {
  readonly name: string;
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly string[];
}

/** The same, checked. */
export interface CheckedPolicy {
  readonly name: PolicyName;
  readonly spiffeId: Pattern;
  readonly path: Pattern;
  readonly permissions: readonly Permission[];
}

/** What of a wanted policy breaks a rule, in words; the patterns themselves are not repeated. */
export function checkPolicy(wanted: WantedPolicy): CheckedPolicy | string {
  const name = parsePolicyName(wanted.name);
  if (name === undefined) return "the name is not 1 to 250 letters, digits, spaces, dashes or underscores";
  const spiffeId = parsePattern("spiffeId", wanted.spiffeIdPattern);
  if (!spiffeId.ok) return `SPIFFE ID pattern of policy "${name}": ${spiffeId.detail}`;
  const path = parsePattern("path", wanted.pathPattern);
  if (!path.ok) return `path pattern of policy "${name}": ${path.detail}`;
  const permissions = parsePermissions(wanted.permissions);
  if (permissions === undefined)
    return `permissions of policy "${name}" are not some of read, write, list, execute, super`;
  const reserved = guardProblem({ spiffeId: spiffeId.pattern, path: path.pattern });
  if (reserved !== undefined) {
    return `policy "${name}" reaches "${reserved}": its path pattern has to describe that path as a whole, and its SPIFFE ID pattern to begin with ^ and end with $`;
  }
  return { name, spiffeId: spiffeId.pattern, path: path.pattern, permissions };
}
