import { type AuditEntry, delegationOf, type Operation } from "../history/history.ts";

/** An audit entry and the exchange that caused it. */
export interface Commit {
  readonly entry: AuditEntry;
  /** Undefined if no operation matches the entry. */
  readonly operation: Operation | undefined;
  /** ID of the exchange that committed, or -1 if it is unknown. */
  readonly exchangeId: number;
  /** True if the audit log lacks the entry, which was derived from the write's response. Its time is unknown. */
  readonly presumed: boolean;
}

export interface Commits {
  /** By ascending revision. */
  readonly all: readonly Commit[];
  /** The first commit of each operation, by operation ID. */
  readonly byOperation: readonly (Commit | undefined)[];
}

type Target = Pick<AuditEntry, "action" | "resource">;

const SECRET = "secret:";
const POLICY = "policy:";

/** Path of the secret that an entry is about, or undefined. */
export function secretPath({ resource }: Pick<AuditEntry, "resource">): string | undefined {
  return resource.startsWith(SECRET) ? resource.slice(SECRET.length) : undefined;
}

/** Name of the policy that an entry is about, or undefined. */
export function policyName({ resource }: Pick<AuditEntry, "resource">): string | undefined {
  return resource.startsWith(POLICY) ? resource.slice(POLICY.length) : undefined;
}

/** Revision and path of an entry, for a finding. */
export function subjectOf(entry: AuditEntry): { readonly revision: number; readonly path?: string } {
  const path = secretPath(entry);
  return { revision: entry.revision, ...(path !== undefined && { path }) };
}

/** Action and resource of an operation's audit entry. Undefined for reads. */
export function targetOf({ request }: Operation): Target | undefined {
  switch (request.kind) {
    case "put":
    case "delete":
    case "undelete":
      return { action: request.kind, resource: SECRET + request.path };
    case "grant":
      return { action: "put", resource: POLICY + request.team };
    case "revoke":
      return { action: "delete", resource: POLICY + request.team };
    case "delegate":
      return { action: "put", resource: POLICY + delegationOf(request.team) };
    case "undelegate":
      return { action: "delete", resource: POLICY + delegationOf(request.team) };
    case "prune":
      return { action: "prune", resource: "audit" };
    case "get":
    case "metadata":
    case "list":
      return undefined;
  }
}

export function hasTarget(entry: AuditEntry, { action, resource }: Target): boolean {
  if (entry.resource !== resource) return false;
  if (entry.action === action) return true;
  // A policy's removal is audited as either action.
  return policyName(entry) !== undefined && entry.action === "remove" && action === "delete";
}
