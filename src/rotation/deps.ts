import type { WriteDeps } from "../commit/deps.ts";
import type { SealFault } from "../seal/seal-error.ts";
import type { BulkStore } from "../store/store.ts";

/** A row that does not verify and therefore stays under its old key, for the operator's log. */
export interface RowProblem extends SealFault {
  /** `secret:PATH` and so on. */
  readonly resource: string;
}

/** What the rotation operations need, for one request. */
export interface RotationDeps extends WriteDeps {
  readonly store: BulkStore;
  readonly reportRow: (problem: RowProblem) => void;
}
