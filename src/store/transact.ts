import { type Attempts, pauseAfterFailure, pauseAfterRace } from "./attempts.ts";
import { load, loadUntil } from "./load.ts";
import type { AnySnapshot, Change, Commit, Query, Snapshot, Store } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** What to do, given a snapshot. After a lost race, the decision is made again from a newer snapshot. */
export type Decision<A, F> =
  /** The write id was committed before: nothing to write. `answer` is the answer of that commit. */
  | { readonly kind: "settled"; readonly answer: A }
  | { readonly kind: "refused"; readonly failure: F }
  | { readonly kind: "commit"; readonly change: Change; readonly answer: (revision: number) => A };

export type Outcome<A, F> = { readonly ok: true; readonly answer: A } | { readonly ok: false; readonly failure: F };

/**
 * Load, decide, commit: applies one change exactly once or not at all.
 *
 * Two round trips unless another commit interferes. After the first lost race, it decides again at once from the snapshot
 * that the commit returned. After the second, it waits and loads a new snapshot.
 *
 * A commit without an answer may have been applied, or may still be applied. All changes that `decide` returns must therefore
 * have the same write id, which the store accepts once, and `decide` must return `"settled"` if a snapshot contains that write
 * id. A refusal is returned only if no unanswered commit can still succeed. Otherwise a change could happen after its caller
 * was told that it was refused.
 *
 * @throws StoreUnavailable at once if another attempt would fail too, otherwise if the store is unreachable, or the outcome
 * unknown, until the deadline. A permanent failure of a commit leaves earlier unanswered commits open.
 */
export async function transact<Q extends Query, A, F>(
  store: Store,
  query: Q,
  options: {
    readonly attempts: Attempts;
    readonly decide: (snapshot: Snapshot<Q>) => Promise<Decision<A, F>>;
  },
): Promise<Outcome<A, F>> {
  const { attempts, decide } = options;
  const { deadline } = attempts;
  const unanswered: Change[] = [];
  let snapshot = await load(store, query, attempts);
  for (let round = 0; ; round += 1) {
    const began = attempts.now();
    let attempt = await decideAndCommit(store, snapshot, { query, attempts, decide, unanswered });
    const lost = attempt.kind === "lost";
    // Decided again at once, from the snapshot that the lost race returned.
    if (attempt.kind === "lost") {
      attempt = await decideAndCommit(store, attempt.snapshot, { query, attempts, decide, unanswered });
    }
    if (attempt.kind === "done") return attempt.outcome;
    const retryAfterMs = attempt.kind === "open" ? attempt.retryAfterMs : undefined;
    await (lost && retryAfterMs === undefined
      ? pauseAfterRace(attempts, { round, attemptMs: (attempts.now() - began) / 2 }, deadline)
      : pauseAfterFailure(attempts, { round, retryAfterMs }, deadline));
    // Once a commit may be in flight, its outcome must be found out, even if the caller hangs up.
    snapshot =
      unanswered.length === 0
        ? await load(store, query, attempts)
        : await loadUntil(store, query, { attempts, signal: deadline });
  }
}

type Attempt<Q extends Query, A, F> =
  | { readonly kind: "done"; readonly outcome: Outcome<A, F> }
  | { readonly kind: "lost"; readonly snapshot: Snapshot<Q> }
  /** Nothing is certain yet: try again after a pause. */
  | { readonly kind: "open"; readonly retryAfterMs?: number | undefined };

async function decideAndCommit<Q extends Query, A, F>(
  store: Store,
  snapshot: Snapshot<Q>,
  context: {
    readonly query: Q;
    readonly attempts: Attempts;
    readonly decide: (snapshot: Snapshot<Q>) => Promise<Decision<A, F>>;
    /** Commits without an answer so far. */
    readonly unanswered: Change[];
  },
): Promise<Attempt<Q, A, F>> {
  const { query, attempts, unanswered } = context;
  const decision = await context.decide(snapshot);
  switch (decision.kind) {
    case "settled":
      return { kind: "done", outcome: { ok: true, answer: decision.answer } };
    case "refused":
      return unanswered.every((change) => cannotSucceed(change, snapshot))
        ? { kind: "done", outcome: { ok: false, failure: decision.failure } }
        : { kind: "open" };
    case "commit": {
      if (attempts.client.aborted && unanswered.length === 0) {
        throw new StoreUnavailable("gone", "none", "before a commit");
      }
      const result = await commit(store, decision.change, { query, deadline: attempts.deadline, unanswered });
      if (result instanceof StoreUnavailable) return { kind: "open", retryAfterMs: result.retryAfterMs };
      return result.won
        ? { kind: "done", outcome: { ok: true, answer: decision.answer(result.revision) } }
        : { kind: "lost", snapshot: result.snapshot };
    }
  }
}

/** Commits once. Returns a failure that a later attempt may overcome. */
async function commit<Q extends Query>(
  store: Store,
  change: Change,
  context: { readonly query: Q; readonly deadline: AbortSignal; readonly unanswered: Change[] },
): Promise<Commit<Q> | StoreUnavailable> {
  const { unanswered } = context;
  try {
    return await store.commit(change, context.query, context.deadline);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    if (error.outcome === "unknown") unanswered.push(change);
    if (error.isPassing) return error;
    // An earlier commit of this request may have been applied, or may still be.
    const isOpen = error.outcome === "none" && unanswered.length > 0;
    throw isOpen ? new StoreUnavailable(error.reason, "unknown", error.detail) : error;
  }
}

/** Whether the state that `change` was decided on is gone. Row versions and epochs never return to an old value. */
function cannotSucceed(change: Change, snapshot: AnySnapshot): boolean {
  if (change.authority !== undefined && snapshot.store.epoch > change.audit.epoch) return true;
  if (change.init !== undefined && snapshot.store.revision > 0) return true;
  if (change.secret !== undefined && change.secret.kind !== "create") {
    return snapshot.secret?.head?.version !== change.secret.seen;
  }
  if (change.policy !== undefined && change.policy.kind !== "create") {
    return snapshot.policy?.row?.version !== change.policy.seen;
  }
  if (change.bundle !== undefined && change.bundle.kind !== "create") {
    return snapshot.bundle?.row?.version !== change.bundle.seen;
  }
  const { tail } = snapshot.secret ?? snapshot.chain ?? {};
  return (tail?.revision ?? 0) > change.tail;
}
