import { type Attempts, pauseAfterFailure, pauseAfterRace } from "./attempts.ts";
import { load, loadUntil } from "./load.ts";
import { MAX_REPLICA_MS } from "./replica-time.ts";
import { limitRequestTime, type SendLimited } from "./request-limit.ts";
import type { AnySnapshot, Change, Commit, Query, Rest, Snapshot, Store } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** What to do, given a snapshot. After a lost race, the decision is made again from a newer snapshot. */
export type Decision<A, F> =
  /** The write id was committed before: nothing to write. `answer` is the answer of that commit. */
  | { readonly kind: "settled"; readonly answer: A }
  | { readonly kind: "refused"; readonly failure: F }
  | CommitDecision<A>;

interface CommitDecision<A> {
  readonly kind: "commit";
  readonly change: Change;
  readonly answer: (revision: number) => A;
  /** Commits again without a pause after more lost races than usual. For changes that others must not delay. */
  readonly isUrgent?: boolean;
  /** Depends on what does not verify, which the primary has to show. */
  readonly isRepair?: boolean;
}

export type Outcome<A, F> = { readonly ok: true; readonly answer: A } | { readonly ok: false; readonly failure: F };

/** Commits before a pause. Each but the first is decided from the snapshot that the lost one before it returned. */
const COMMITS_AT_ONCE = 2;
/** The same for urgent changes. With more, several of them would use up their requests against each other. */
const URGENT_COMMITS_AT_ONCE = 8;

/**
 * Load, decide, commit: applies one change exactly once or not at all.
 *
 * Two round trips unless another commit interferes. If the store has a replica, the first is one to the replica. Only a commit
 * can be decided there: it wins if the rows that it depends on are still the same at the primary. After the first lost race, it decides again at once from the snapshot
 * that the commit returned. After the second, or the eighth of an urgent change, it waits and loads a new snapshot.
 *
 * A commit without an answer may have been applied, or may still be applied. All changes that `decide` returns must therefore
 * have the same write id, which the store accepts once, and `decide` must return `"settled"` if a snapshot contains that write
 * id. A refusal is returned only if no unanswered commit can still succeed. Otherwise a change could happen after its caller
 * got a refusal. A snapshot that is older than another one of this request never leads to a refusal.
 *
 * Each commit has a time limit of its own, like each load (decision 0028). After a commit that hangs, a load finds out
 * whether it was applied.
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
    /** Called with what a load or decision from the replica threw. The primary then serves, unless this throws too. */
    readonly onReplicaError?: (error: unknown) => void;
  },
): Promise<Outcome<A, F>> {
  const { attempts } = options;
  const { deadline } = attempts;
  const run = { ...options, query, sendLimited: limitRequestTime(attempts), unanswered: [], newestRevision: 0 };
  const decision = await decideNear(store, run);
  let start: Start<Q, A> = decision === undefined ? { snapshot: await load(store, query, attempts) } : { decision };
  for (let round = 0; ; round += 1) {
    const began = attempts.now();
    let attempt =
      "decision" in start
        ? await conclude(store, start.decision, run)
        : await decideAndCommit(store, start.snapshot, run);
    let lost = 0;
    while (attempt.kind === "lost") {
      lost += 1;
      if (lost >= (attempt.isUrgent ? URGENT_COMMITS_AT_ONCE : COMMITS_AT_ONCE)) break;
      attempt = await decideAndCommit(store, attempt.snapshot, run);
    }
    if (attempt.kind === "done") return attempt.outcome;
    await (attempt.kind === "lost"
      ? pauseAfterRace(attempts, { round, attemptMs: (attempts.now() - began) / lost }, deadline)
      : pauseAfterFailure(attempts, { round, retryAfterMs: attempt.retryAfterMs }, deadline));
    // Once a commit may be in flight, its outcome must be found out, even if the caller hangs up.
    const snapshot =
      run.unanswered.length === 0
        ? await load(store, query, attempts)
        : await loadUntil(store, query, { attempts, stops: [deadline] });
    start = { snapshot };
  }
}

/** What a round begins with. */
type Start<Q extends Query, A> = { readonly snapshot: Snapshot<Q> } | { readonly decision: CommitDecision<A> };

/** The state of one call of {@link transact}. */
interface Run<Q extends Query, A, F> {
  readonly query: Q;
  readonly attempts: Attempts;
  readonly decide: (snapshot: Snapshot<Q>) => Promise<Decision<A, F>>;
  readonly onReplicaError?: (error: unknown) => void;
  readonly sendLimited: SendLimited;
  /** Commits without an answer so far. */
  readonly unanswered: Change[];
  /** The highest store revision of the snapshots so far. */
  newestRevision: number;
}

type Attempt<Q extends Query, A, F> =
  | { readonly kind: "done"; readonly outcome: Outcome<A, F> }
  | { readonly kind: "lost"; readonly snapshot: Snapshot<Q>; readonly isUrgent: boolean }
  /** Nothing is certain yet: try again after a pause. */
  | { readonly kind: "open"; readonly retryAfterMs?: number | undefined };

/**
 * A decision from a snapshot of the replica, if it is to commit. A refusal may be wrong in an old state, and so may the answer to
 * a repeated request: they are decided again from the primary.
 */
async function decideNear<Q extends Query, A, F>(
  { replica }: Store,
  { query, attempts, sendLimited, decide, onReplicaError }: Run<Q, A, F>,
): Promise<CommitDecision<A> | undefined> {
  if (replica === undefined) return undefined;
  try {
    const load = async (limited: AbortSignal) => await replica.load(query, limited);
    const snapshot = await sendLimited([attempts.deadline, attempts.client], load, { maxMs: MAX_REPLICA_MS });
    const decision = await decide(snapshot);
    if (decision.kind !== "commit" || decision.isRepair === true) return undefined;
    const { change } = decision;
    // The replica may have commits that the primary has lost, or lie. Its clock may be ahead of the primary's, which would admit the commit after the deadline.
    const notAfter = Math.min(change.notAfter, attempts.endsAt);
    return { ...decision, change: { ...change, notAfter, pinsHistory: true } };
  } catch (error) {
    // The end of the request is no fault of the replica.
    if (onReplicaError === undefined || attempts.client.aborted || attempts.deadline.aborted) throw error;
    onReplicaError(error);
    return undefined;
  }
}

async function decideAndCommit<Q extends Query, A, F>(
  store: Store,
  snapshot: Snapshot<Q>,
  run: Run<Q, A, F>,
): Promise<Attempt<Q, A, F>> {
  const { unanswered } = run;
  run.newestRevision = Math.max(run.newestRevision, snapshot.store.revision);
  const decision = await run.decide(snapshot);
  switch (decision.kind) {
    case "settled":
      return { kind: "done", outcome: { ok: true, answer: decision.answer } };
    case "refused": {
      // An older state may lack the permission, or the commit of this very request.
      const isOlder = snapshot.store.revision < run.newestRevision;
      return !isOlder && unanswered.every((change) => cannotSucceed(change, snapshot))
        ? { kind: "done", outcome: { ok: false, failure: decision.failure } }
        : { kind: "open" };
    }
    case "commit":
      return await conclude(store, decision, run);
  }
}

async function conclude<Q extends Query, A, F>(
  store: Store,
  { change, answer, isUrgent = false }: CommitDecision<A>,
  run: Run<Q, A, F>,
): Promise<Attempt<Q, A, F>> {
  if (run.attempts.client.aborted && run.unanswered.length === 0) {
    throw new StoreUnavailable("gone", "none", "before a commit");
  }
  const result = await commit(store, change, run);
  if (result instanceof StoreUnavailable) return { kind: "open", retryAfterMs: result.retryAfterMs };
  return result.won
    ? { kind: "done", outcome: { ok: true, answer: answer(result.revision) } }
    : { kind: "lost", snapshot: result.snapshot, isUrgent };
}

/** Commits once. Returns a failure that a later attempt may overcome. */
async function commit<Q extends Query, A, F>(
  store: Store,
  change: Change,
  { query, attempts, sendLimited, unanswered }: Run<Q, A, F>,
): Promise<Commit<Q> | StoreUnavailable> {
  try {
    return await sendLimited([attempts.deadline], async (limited) => await store.commit(change, query, limited));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    if (error.outcome === "unknown") unanswered.push(change);
    if (error.isPassing) return error;
    // An earlier commit of this request may have been applied, or may still be.
    const isOpen = error.outcome === "none" && unanswered.length > 0;
    throw isOpen ? new StoreUnavailable(error.reason, "unknown", error.detail) : error;
  }
}

/**
 * Whether other commits have made `change` impossible. Revisions and epochs only grow, so a higher number proves it. A lower
 * number or a missing row alone proves nothing: the snapshot may be older than the one that the change was decided on. Times
 * prove nothing either, because clocks step back.
 *
 * The version of the changed row need not be compared: a commit that changes a row also adds an audit entry of its resource.
 */
function cannotSucceed(change: Change, snapshot: AnySnapshot): boolean {
  const { epoch, revision } = snapshot.store;
  if (change.init !== undefined && revision > 0) return true;
  if (epoch > (change.damagedEpoch ?? change.audit.epoch)) {
    if (change.authority !== undefined || change.pinsHistory === true) return true;
    // Row versions are never used again. A row that is missing here has been deleted: at the earlier epoch it existed.
    if (change.rests.some((rest) => versionIn(snapshot, rest) !== rest.version)) return true;
  }
  const { tail } = snapshot.secret ?? snapshot.chain ?? {};
  return (tail?.revision ?? 0) > change.tail;
}

/** The version of a row that permits changes; 0 if it is missing. A row that may be on a later page counts as unchanged. */
function versionIn({ grants, trust }: AnySnapshot, { table, name, version }: Rest): number {
  switch (table) {
    case "policies": {
      const row = grants?.rows.find((candidate) => candidate.name === name);
      return row?.version ?? (grants?.more === true ? version : 0);
    }
    case "trust_bundles":
      return trust?.row?.trustDomain === name ? trust.row.version : 0;
  }
}
