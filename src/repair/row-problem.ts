import { SealError, type SealReason } from "../seal/seal-error.ts";

/** A problem of a row, or of a node of the authority trie. */
export interface RowProblem {
  /** `secret:PATH`, `policy:NAME`, `bundle:TRUST_DOMAIN`, or `node:ID`. */
  readonly resource: string;
  readonly kind:
    | SealReason
    /** The newest audit entry or the authority trie leads to a row that is missing. */
    | "lost_row"
    /** Versions of a secret that has no head. */
    | "lost_head"
    /** A node of the authority trie is missing, or is not the one that the node above or the store row leads to. */
    | "damaged_node";
  readonly detail: string;
}

/** The problem that `check` throws as a {@link SealError}; undefined if it throws none. */
export async function problemIn(resource: string, check: () => Promise<unknown>): Promise<RowProblem | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { resource, kind: error.reason, detail: error.detail };
  }
}
