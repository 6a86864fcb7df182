import type { Caller, Permission, Request } from "../history/history.ts";

/** What a caller needs for a request: nothing, a permission of the team's policy, or what no policy can give. */
type Need = "nothing" | "impossible" | Permission;

/** Looks only at whose path it is; whether there is a policy is a matter of time. */
export function needOf(caller: Caller, request: Request): Need {
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
      // Of any prefix: it is shown what it may see of that, which may be nothing.
      return "list";
    case "grant":
    case "revoke":
      return "impossible";
  }
}

/** What all paths begin with that a list of `prefix` may show to the caller, having `list`; undefined = none. */
export function visiblePrefix(caller: Caller, prefix: string): string | undefined {
  if (caller === "superuser") return prefix;
  const own = `team/${caller}/`;
  if (prefix.startsWith(own)) return prefix;
  return own.startsWith(prefix) ? own : undefined;
}
