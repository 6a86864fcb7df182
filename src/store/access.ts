import type { AnySnapshot, Query } from "./store.ts";

/**
 * Whether a caller may do what it asks for, judged anew in every snapshot that something is decided on: what `query` adds
 * to the load is of the same moment as the rest. A commit then names the epoch of that snapshot, so that no write outruns
 * the revocation of the right it was made by.
 */
export interface Access {
  readonly query: Pick<Query, "grants" | "trust">;
  /** @throws SealError */
  permits(snapshot: AnySnapshot): Promise<boolean>;
}

/** A right to see those paths only that are granted one by one. */
export interface PathScope {
  readonly query: Pick<Query, "identityGrants" | "trust">;
  /** @throws SealError */
  read(snapshot: AnySnapshot): Promise<VisiblePaths>;
}

export interface VisiblePaths {
  /** Every visible path begins with one of these; none of them begins with another. */
  readonly within: readonly string[];
  includes(path: string): boolean;
}

/** Who may do anything at all: nothing is looked up for it. */
export const UNRESTRICTED: Readonly<Access> = { query: {}, permits: async () => await Promise.resolve(true) };
