import type { CaseKind } from "./cases.ts";

/** What each kind of anomaly means. */
export const ANOMALIES = {
  duplicate_version: "Two acknowledged writes of one secret returned the same version number.",
  lost_write: "An acknowledged version that was neither deleted nor pruned was missing.",
  refused_write_applied: "A write took effect although every response to it was a refusal.",
  applied_twice: "One operation took effect more than once.",
  late_commit: "A commit was applied that reached the database after the deadline of its request.",
  late_write: "A write of unknown outcome was missing at first and then appeared behind newer versions.",
  stale_read: "A response was older than one that another client had received before the request.",
  non_monotonic_read: "A response was older than an earlier response to the same client.",
  missed_own_write: "A response was older than an acknowledged write of the same client.",
  below_bookmark: "A response was older than the bookmark that its request had sent.",
  beyond_bound: "A read from a replica was staler than its worker allows.",
  right_beyond_bound: "A replica served a right that had been revoked for longer than its worker allows.",
  missing_bookmark: "An acknowledged write, or a permitted read that requested a bookmark, got none.",
  wrong_bookmark: "A bookmark did not fit its response, its request or the commits of that time.",
  refused_bookmark: "A bookmark was refused, although its store was neither replaced nor set back.",
  mixed_versions: "A response combined different versions, or states of different revisions.",
  version_reused: "A version number was assigned to two values within one lifetime of a secret.",
  deleted_read: "The value of a deleted version was read.",
  pruned_read: "A pruned version was still visible.",
  pruned_early: "An audit entry was pruned that was younger than the limit by one of the clocks.",
  current_pruned: "The current version was pruned.",
  false_conflict: "A conditional write was refused although its condition held throughout the request.",
  lost_update: "A conditional write was committed although its condition did not hold.",
  revision_gap: "A revision is missing from the audit log.",
  revision_order: "The order of revisions contradicts the order of commits in time.",
  list_missing: "A list omitted a path that existed throughout the request.",
  list_unexpected: "A list contained a path that did not exist.",
  revoked_allowed: "An operation succeeded although no policy granted it at that moment.",
  withheld_right: "A request was served by a policy that was never acknowledged, or that had been replaced or deleted.",
  granted_denied: "An operation was denied although a policy granted it throughout the request.",
  audit_missing: "A write that took effect or was acknowledged is missing from the audit log.",
  audit_duplicate: "One write is in the audit log twice.",
  audit_unmatched: "An audit entry matches no request.",
  unwritten_value: "A read returned a value that was never written to that path.",
  future_read: "A response showed a write that was invoked after the response.",
  wrong_outcome: "The response to a write, or its audit entry, differs from what was committed.",
  key_reused: "An idempotency key was accepted for a different request.",
  wrong_time: "The time of a change is before the previous change, or outside its request.",
  internal_error: "A worker responded with status 500.",
  unexpected_response: "A worker sent a response that is never valid for such a request.",
  wrong_refusal: "A request was refused although no state during the request justified the refusal.",
} as const;

export type AnomalyKind = keyof typeof ANOMALIES;

/** One violation of the store's guarantees. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** IDs of the operations involved. The last one is the evidence. */
  readonly operations: readonly number[];
  readonly revision?: number;
  readonly path?: string;
  /** One sentence. */
  readonly detail: string;
  /** Number of operations that had completed when the anomaly became visible. */
  readonly after: number;
}

export interface Report {
  /** By ascending `after`. Truncated if there are very many. */
  readonly anomalies: readonly Anomaly[];
  /** The number of anomalies of each kind that occurred. Never truncated. */
  readonly counts: Readonly<Partial<Record<AnomalyKind, number>>>;
  /** The number of cases of each kind that were checked, with or without an anomaly. */
  readonly cases: Readonly<Record<CaseKind, number>>;
}
