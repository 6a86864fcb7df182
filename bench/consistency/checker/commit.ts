import type { Entry, Operation, Request } from "../history/history.ts";

/** An entry of the log and what made it. */
export interface Commit {
  readonly entry: Entry;
  /** Undefined when nothing that was asked for fits. */
  readonly operation: Operation | undefined;
  /** Place of the attempt that made it; -1 = not known. */
  readonly place: number;
  /** Not in the log, but taken from the answer to the write: its time is not known. */
  readonly presumed: boolean;
}

/** The log as commits by ascending revision. */
export interface Commits {
  readonly all: readonly Commit[];
  /** By operation: its first commit. */
  readonly byOperation: readonly (Commit | undefined)[];
}

const SECRET = "secret:";
const POLICY = "policy:";

/** Path of the secret that a commit changed; undefined when it changed none. */
export function pathOf({ resource }: Entry): string | undefined {
  return resource.startsWith(SECRET) ? resource.slice(SECRET.length) : undefined;
}

/** Name of the policy that a commit changed; undefined when it changed none. */
export function policyOf({ resource }: Entry): string | undefined {
  return resource.startsWith(POLICY) ? resource.slice(POLICY.length) : undefined;
}

/** Whether a request is to change something. */
export function isWrite({ kind }: Request): boolean {
  return kind !== "get" && kind !== "metadata" && kind !== "list";
}

/** What the entry of an operation says of its action and resource; undefined for one that writes nothing. */
export function tagsOf({ request }: Operation): Pick<Entry, "action" | "resource"> | undefined {
  switch (request.kind) {
    case "put":
    case "delete":
    case "undelete":
      return { action: request.kind, resource: SECRET + request.path };
    case "grant":
      return { action: "put", resource: POLICY + request.team };
    case "revoke":
      return { action: "delete", resource: POLICY + request.team };
    case "get":
    case "metadata":
    case "list":
      return undefined;
  }
}

/** Whether an entry speaks of that action on that resource. */
export function hasTags(entry: Entry, tags: Pick<Entry, "action" | "resource">): boolean {
  if (entry.resource !== tags.resource) return false;
  if (entry.action === tags.action) return true;
  // The removal of a policy goes by either name.
  return policyOf(entry) !== undefined && entry.action === "remove" && tags.action === "delete";
}
