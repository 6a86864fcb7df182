import { type Attempts, pauseAfterFailure, pauseAfterRace } from "./attempts.ts";
import { load, loadUntil } from "./load.ts";
import type { AnySnapshot, Change, Commit, Query, Snapshot, Store } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** What a snapshot leads to. Deciding is repeated from a newer snapshot whenever a race was lost. */
export type Decision<A, F> =
  /** Nothing to write: the write id was committed before, and this is what its caller is told. */
  | { readonly kind: "settled"; readonly answer: A }
  | { readonly kind: "refused"; readonly failure: F }
  | { readonly kind: "commit"; readonly change: Change; readonly answer: (revision: number) => A };

export type Outcome<A, F> = { readonly ok: true; readonly answer: A } | { readonly ok: false; readonly failure: F };

/**
 * Load, decide, commit: one change, applied exactly once or not at all.
 *
 * Two round trips when nobody interferes. A lost race is decided again at once from the snapshot that the commit
 * brought back; lost again, after a pause, from a fresh one.
 *
 * A commit whose answer never came may have been applied or may still be. Every change that `decide` returns must
 * therefore carry one and the same write id, which the store accepts once, and `decide` must answer `"settled"` when it
 * meets that write id. A refusal is passed on only when no such commit can still succeed: told otherwise, the caller
 * would see a change happen that was refused.
 *
 * @throws StoreUnavailable when the outcome stays unknown, or the store unreachable, until the deadline.
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
  const unknown: Change[] = [];
  let snapshot = await load(store, query, attempts);
  for (let round = 0; ; round += 1) {
    const began = attempts.now();
    let raced = false;
    // From a fresh snapshot, and once more from the one that a lost race brings back.
    for (let fresh = true; ; fresh = false) {
      const decision = await decide(snapshot);
      if (decision.kind === "settled") return { ok: true, answer: decision.answer };
      if (decision.kind === "refused") {
        const newest = snapshot;
        if (unknown.every((change) => cannotSucceed(change, newest))) return { ok: false, failure: decision.failure };
        break;
      }
      if (attempts.client.aborted && unknown.length === 0)
        throw new StoreUnavailable("gone", "none", "before a commit");
      const result = await commit(store, decision.change, { query, deadline, unknown });
      if (result === undefined) break;
      if (result.won) return { ok: true, answer: decision.answer(result.revision) };
      snapshot = result.snapshot;
      raced = true;
      if (!fresh) break;
    }
    await (raced
      ? pauseAfterRace(attempts, { round, attemptMs: (attempts.now() - began) / 2 }, deadline)
      : pauseAfterFailure(attempts, round, deadline));
    // Once a commit may be under way its outcome has to be known, whoever is still waiting for it.
    snapshot =
      unknown.length === 0
        ? await load(store, query, attempts)
        : await loadUntil(store, query, { attempts, signal: deadline });
  }
}

/** One commit; nothing, when it failed in a way that a later attempt may mend. */
async function commit<Q extends Query>(
  store: Store,
  change: Change,
  context: { readonly query: Q; readonly deadline: AbortSignal; readonly unknown: Change[] },
): Promise<Commit<Q> | undefined> {
  try {
    return await store.commit(change, context.query, context.deadline);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    if (error.outcome === "unknown") context.unknown.push(change);
    switch (error.reason) {
      case "connection":
      case "status":
      case "malformed":
      case "busy":
        return undefined;
      case "rejected":
      case "deadline":
      case "gone":
      case "budget":
      case "schema":
        throw error;
    }
  }
}

/** Whether what `change` was decided on is gone for good: row versions and epochs never come back. */
function cannotSucceed(change: Change, snapshot: AnySnapshot): boolean {
  if (snapshot.store.epoch !== change.audit.epoch) return true;
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
  const { tail } = snapshot.secret ?? snapshot.policy ?? snapshot.bundle ?? snapshot.chain ?? {};
  return (tail?.revision ?? 0) > change.tail;
}
