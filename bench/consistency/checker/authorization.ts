import { type Caller, delegationOf, type Operation, type Permission, type Request } from "../history/history.ts";
import type { Intervals } from "./intervals.ts";
import type { PolicyTimeline } from "./policy-timeline.ts";
import { ALL_REVISIONS, inside, NO_REVISIONS, outside, type RevisionSet } from "./revision-set.ts";

type Policies = ReadonlyMap<string, PolicyTimeline>;

/** `nothing`: allowed without a policy. `impossible`: no policy of this run can allow it. */
type Requirement = "nothing" | "impossible" | "delegation" | Permission;

/** The permission that a request requires of the caller's policy. */
export function requiredPermission(caller: Caller, request: Request): Requirement {
  if (caller === "superuser") return "nothing";
  const own = `team/${caller}/`;
  switch (request.kind) {
    case "get":
    case "metadata":
      return request.path.startsWith(own) ? "read" : "impossible";
    case "put":
    case "delete":
    case "undelete":
      return request.path.startsWith(own) ? "write" : "impossible";
    case "list":
      // Any prefix may be listed: the list contains only paths that the caller may see.
      return "list";
    case "grant":
    case "revoke":
    case "delegate":
    case "undelegate":
      return "delegation";
    case "prune":
      return "impossible";
  }
}

/** When the caller has a permission. */
export function intervalsOf(policies: Policies, caller: Caller, required: "delegation" | Permission): Intervals {
  if (required === "delegation") return policies.get(delegationOf(caller))?.exists ?? [];
  return policies.get(caller)?.[required] ?? [];
}

/** The revisions at which the operation is permitted. */
export function permittedRevisions(policies: Policies, { caller, request }: Operation): RevisionSet {
  const required = requiredPermission(caller, request);
  if (required === "nothing") return ALL_REVISIONS;
  if (required === "impossible") return NO_REVISIONS;
  return inside(intervalsOf(policies, caller, required));
}

/** The revisions at which the operation is denied. */
export function deniedRevisions(policies: Policies, { caller, request }: Operation): RevisionSet {
  const required = requiredPermission(caller, request);
  if (required === "nothing") return NO_REVISIONS;
  if (required === "impossible") return ALL_REVISIONS;
  return outside(intervalsOf(policies, caller, required));
}

/** The prefix of the paths that a permitted list of `prefix` shows to the caller. Undefined if it shows none. */
export function visiblePrefix(caller: Caller, prefix: string): string | undefined {
  if (caller === "superuser") return prefix;
  const own = `team/${caller}/`;
  if (prefix.startsWith(own)) return prefix;
  return own.startsWith(prefix) ? own : undefined;
}
