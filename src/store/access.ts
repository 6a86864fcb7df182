import type { AnySnapshot, Query } from "./store.ts";

/**
 * A caller's permission for one request, judged in every snapshot that something is decided on. What `query` adds to the load
 * is from the same moment as the rest. The commit names the epoch of that snapshot, so that a write cannot be committed after
 * its permission was revoked.
 */
export interface Access {
  readonly query: Pick<Query, "grants" | "trust">;
  /** @throws SealError */
  permits(snapshot: AnySnapshot): Promise<boolean>;
}

/** The permission to see only some paths. */
export interface PathScope {
  readonly query: Pick<Query, "identityGrants" | "trust">;
  /** @throws SealError */
  read(snapshot: AnySnapshot): Promise<VisiblePaths>;
}

export interface VisiblePaths {
  /** Every visible path begins with one of these. None of these begins with another. */
  readonly within: readonly string[];
  includes(path: string): boolean;
}

/** Unrestricted access: no policy lookup. */
export const UNRESTRICTED: Readonly<Access> = { query: {}, permits: async () => await Promise.resolve(true) };
