import type { AnySnapshot, PathRange, Query, Rest } from "./store.ts";

/**
 * A caller's permission for one request, judged in every snapshot that something is decided on. What `query` adds to the load
 * is from the same moment as the rest.
 */
export interface Access {
  readonly query: Pick<Query, "grants" | "trust" | "entryMacs" | "heartbeat">;
  /** The caller may do everything: no policy is looked up, and no proof of a claim is needed. */
  readonly isUnrestricted: boolean;
  /**
   * The rows that permit the request. The commit names their versions, so that a write cannot be committed after its
   * permission was revoked. Undefined if the request is not permitted.
   *
   * @throws SealError
   */
  permits(snapshot: AnySnapshot): Promise<readonly Rest[] | undefined>;
  /**
   * Checks that a snapshot is new enough to be served, if the request depends on that. For snapshots that only a {@link PathScope}
   * permits: `permits` does it itself.
   *
   * @throws SealError, and errors that refuse the request or the replica
   */
  requireCurrent?(snapshot: AnySnapshot): Promise<void>;
}

/** The permission to see only some paths. */
export interface PathScope {
  readonly query: Pick<Query, "identityGrants" | "trust">;
  /** The SPIFFE ID of the caller. */
  readonly caller: string;
  /** @throws SealError */
  read(snapshot: AnySnapshot): Promise<VisiblePaths>;
}

export interface VisiblePaths {
  /** Every visible path is in one of these ranges, which are in ascending order and do not overlap. */
  readonly within: readonly PathRange[];
  /** Whether every path in these ranges is visible. */
  readonly isWhole: boolean;
  /** Undefined if deciding takes more than `maxWork`. One unit is about 0.1 µs for the slowest pattern. */
  decide(path: string, maxWork: number): { readonly isVisible: boolean; readonly work: number } | undefined;
}

/** Unrestricted access: no policy lookup. */
export const UNRESTRICTED: Readonly<Access> = {
  query: {},
  isUnrestricted: true,
  permits: async () => await Promise.resolve([]),
};
