/** What each kind of anomaly means, in a sentence. */
export const ANOMALIES = {
  duplicate_version: "Two acknowledged writes of one secret were told the same version number.",
  vanished: "A version that was acknowledged, and neither deleted nor pruned, was not there.",
  refused_visible: "A write whose every answer was a refusal took effect.",
  applied_twice: "One operation took effect more than once.",
  late_write: "A write of unknown outcome was absent at first and then appeared behind newer ones.",
  stale_read: "An answer was older than what another client had been told before the question.",
  went_backwards: "An answer was older than an earlier answer to the same client.",
  below_own_write: "An answer was older than a write of the same client that had been acknowledged.",
  mixed_versions: "An answer mixed parts of different versions or moments.",
  number_reused: "A version number was given to a second value within one life of a secret.",
  deleted_read: "The value of a deleted version was read.",
  pruned_read: "A version that had been pruned for good was seen.",
  current_pruned: "The current version was pruned away.",
  false_conflict: "A write was refused for its expectation, which held all the while.",
  lost_update: "A conditional write was carried out although its expectation did not hold.",
  revision_gap: "A revision is missing from the audit log.",
  revision_order: "Revisions do not follow the order of the commits in time.",
  list_missing: "A list left out a path that existed all the while.",
  list_foreign: "A list named a path that did not exist.",
  revoked_allowed: "A caller did what no policy granted at that moment.",
  granted_refused: "A caller was denied what a policy granted all the while.",
  audit_missing: "A write that took effect or was acknowledged is not in the audit log.",
  audit_double: "One write is in the audit log twice.",
  audit_foreign: "An audit entry fits no request that was made.",
  foreign_value: "A value was read that was never written to that path.",
  future_read: "An answer showed a write that began after the answer had ended.",
  wrong_outcome: "A write was told, or the audit log says, something else than what was committed.",
  key_reused: "An idempotency key was accepted for another request.",
  wrong_time: "A change has a time before the one before it, or outside its request.",
  internal_error: "A worker answered with status 500.",
  unexpected_answer: "A worker answered with what no such request may be answered.",
  wrong_refusal: "A request was refused although nothing stood against it at any moment of it.",
} as const;

/** A name for what went wrong. */
export type AnomalyKind = keyof typeof ANOMALIES;

/** One violation of what the store promises. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** Ids of those involved, the one that shows it last. */
  readonly operations: readonly number[];
  readonly revision?: number;
  readonly path?: string;
  /** One sentence. */
  readonly detail: string;
  /** How many operations had ended by the time it showed. */
  readonly after: number;
}

/** What the checker found. */
export interface Report {
  /** In the order of `after`; of very many, not all. */
  readonly anomalies: readonly Anomaly[];
  /** Of all of them; without the kinds that did not occur. */
  readonly counts: Readonly<Partial<Record<AnomalyKind, number>>>;
}
