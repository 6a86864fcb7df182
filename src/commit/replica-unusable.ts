import { SealError, toSealFault } from "../seal/seal-error.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { BookmarkRefused } from "./bookmark/bookmark-refused.ts";

/** Why a request is served by the primary although a replica is configured. Names of log events. */
export type ReplicaProblem =
  /** It does not answer. */
  | "replica_unreachable"
  /** It is older than the bound, or than a bookmark of the request. */
  | "replica_behind"
  /** It is a copy of another store. */
  | "replica_of_other_store"
  /** What it returns does not verify. */
  | "replica_not_verified"
  /** It refuses a bookmark. The fault may be that of the bookmark, which the primary finds out. */
  | "bookmark_refused";

/** The replica cannot serve this request. The primary does. */
export class ReplicaUnusable extends Error {
  override readonly name = "ReplicaUnusable";
  readonly problem: ReplicaProblem;
  readonly detail: string;

  constructor(problem: ReplicaProblem, detail: string) {
    super(`Cannot use the replica: ${problem}`);
    this.problem = problem;
    this.detail = detail;
  }
}

/** What an error of a request to the replica says about the replica. Undefined: nothing, the request itself fails. */
export function replicaProblemOf(error: unknown): ReplicaUnusable | undefined {
  if (error instanceof ReplicaUnusable) return error;
  if (error instanceof StoreUnavailable) {
    return new ReplicaUnusable("replica_unreachable", `${error.reason}: ${error.detail}`);
  }
  if (error instanceof SealError) {
    const { reason, detail } = toSealFault(error);
    return new ReplicaUnusable("replica_not_verified", `${reason}: ${detail}`);
  }
  if (!(error instanceof BookmarkRefused)) return undefined;
  switch (error.reason) {
    case "store_behind":
    case "store_replaced":
      return new ReplicaUnusable("replica_behind", error.detail);
    case "store_went_back":
      return new ReplicaUnusable("replica_not_verified", `${error.reason}: ${error.detail}`);
    case "other_store":
    case "bookmark_expired":
      return new ReplicaUnusable("bookmark_refused", `${error.reason}: ${error.detail}`);
  }
}
