import { type KeyRing, requireRingKey } from "../seal/key-ring.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import { verifyMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, AuditValues, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Query, Snapshot } from "../store/store.ts";
import { type Decision, type Outcome, transact } from "../store/transact.ts";
import { type AcceptedWrite, buildChange, type NextEntry, type RecordedRequest } from "./build-change.ts";
import { type Mark, markAfter, markOf } from "./bookmark/mark.ts";
import type { WriteDeps } from "./deps.ts";
import { effectiveTime, timeBounds } from "./effective-time.ts";
import { verifyEntry } from "./entry.ts";
import { replicaProblemOf, ReplicaUnusable } from "./replica-unusable.ts";
import { verifyStore, writingRing } from "./store-row.ts";
import { writeIdOf } from "./write-id.ts";

/** Who requests a write, and which request it is. */
export interface WriteOrigin {
  /** SPIFFE ID of the caller. */
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly traceId: string;
}

/** A write as the audit records it. Sent again under its idempotency key, `request` must be the same. */
export interface AuditedWrite extends WriteOrigin, RecordedRequest {}

export type WriteFailure =
  /** No policy permits the write, or no longer. */
  | { readonly code: "denied" }
  /** The idempotency key was used for a different request. */
  | { readonly code: "idempotency_key_reused" };

/** What a write decides from a snapshot: a failure, or the rows to commit. */
export type WriteDecision<A extends object, F> = { readonly ok: false; readonly failure: F } | AcceptedWrite<A>;

/** The outcome of a write with the revision of its commit. */
type Committed<A> = A & { readonly revision: number };

/**
 * Applies a write exactly once, together with its audit entry. Two round trips unless another commit interferes.
 *
 * Each snapshot goes through four steps:
 *
 * 1. Authorise: the caller's permission is checked in this snapshot.
 * 2. Replay: if the write id is already committed, the recorded outcome is returned.
 * 3. Decide: `decide` checks the request against the stored rows and seals the new rows.
 * 4. Commit: wins only if the changed row and the rows that permit the write are still those of the snapshot. After a lost
 *    race everything starts again at step 1 with a newer snapshot.
 *
 * A failure means that nothing was written.
 *
 * @throws SealError, StoreUnavailable
 */
export async function auditedWrite<Q extends Query, A extends object, F>(
  deps: WriteDeps,
  write: AuditedWrite,
  options: {
    readonly query: Q;
    /** The newest audit entry of the resource as loaded by `query`, verified or not. */
    readonly tailOf: (snapshot: AnySnapshot) => AuditRow | undefined;
    readonly decide: (snapshot: Snapshot<Q>, place: NextEntry) => Promise<WriteDecision<A, F>>;
    /**
     * Returns the store row to decide on, instead of the loaded one, which must then verify together with the newest audit
     * entry. For repairs only.
     *
     * @throws SealError
     */
    readonly repairStore?: (snapshot: Snapshot<Q>) => Promise<StoreRow>;
    /** Parses a recorded `outcome`. Undefined if it does not belong to this kind of write. */
    readonly parseOutcome: (outcome: unknown) => A | undefined;
  },
): Promise<Outcome<Committed<A>, F | WriteFailure>> {
  const { ring, access, attempts, randomBytes } = deps;
  const writeId = await writeIdOf(write.caller, write.idempotencyKey, randomBytes);
  const { heartbeatMs } = deps;
  const query = {
    ...access.query,
    ...options.query,
    writeId,
    ...(heartbeatMs !== undefined && { heartbeat: {} }),
  };
  const sent: AuditValues[] = [];
  let storeId: string | undefined;
  const acknowledge = (mark: Mark | undefined): void => {
    if (mark !== undefined) deps.onCommitted?.(mark);
  };

  const decide = async (loaded: Snapshot<typeof query>): Promise<Decision<Committed<A>, F | WriteFailure>> => {
    const snapshot =
      options.repairStore === undefined ? loaded : { ...loaded, store: await options.repairStore(loaded) };
    const { store, replay } = snapshot;
    if (snapshot === loaded) await verifyStore(ring, snapshot);
    // A store never changes its id, so the earlier snapshot was from the replica.
    if (storeId !== undefined && storeId !== store.storeId) {
      deps.onReplicaUnusable?.(
        new ReplicaUnusable("replica_of_other_store", "its store id is not that of the primary"),
      );
    }
    ({ storeId } = store);

    // A commit that this request itself sent was permitted, even if its response was lost. The permission may have been
    // revoked since, possibly by that very commit. To answer "denied" would be wrong. An earlier request may have used the write id
    // too, without this one seeing it before: at a replica that lags.
    const isOwnCommit = replay !== undefined && sent.some(({ mac }) => equalBytes(mac, replay.mac));
    const rests = isOwnCommit ? [] : await access.permits(snapshot);
    if (rests === undefined) return refuse({ code: "denied" });

    if (replay !== undefined) {
      const decision = await decideReplay(ring, { ...options, write, writeId }, { store, replay });
      if (decision.kind === "settled") acknowledge(markOf(snapshot));
      return decision;
    }

    const tail = options.tailOf(snapshot);
    const place = {
      writeId,
      seq: nextSeq(tail),
      ring: writingRing(ring, snapshot),
      time: effectiveTime(snapshot, timeBounds(attempts.now())),
    };
    const decision = await options.decide(snapshot, place);
    if (!decision.ok) return refuse(decision.failure);

    const damaged = store === loaded.store ? undefined : loaded.store;
    const change = await buildChange(decision, { write, place, tail, snapshot, damaged, rests, attempts, heartbeatMs });
    sent.push(change.audit);
    // A delegate who keeps writing policies must not delay a revocation by the superuser.
    const isUrgent = access.isUnrestricted && change.authority !== undefined;
    const answer = (revision: number): Committed<A> => {
      acknowledge(markAfter(change, store, revision));
      return { ...decision.outcome, revision };
    };
    const isRepair = decision.isRepair === true || damaged !== undefined;
    return { kind: "commit", change, isUrgent, isRepair, answer };
  };
  return await transact(deps.store, query, { attempts, decide, onReplicaError: (error) => reportReplica(deps, error) });
}

/** Reports why the replica is not used. Rethrows an error that does not concern it. */
function reportReplica({ onReplicaUnusable }: WriteDeps, error: unknown): void {
  const problem = replicaProblemOf(error);
  if (problem === undefined) throw error;
  onReplicaUnusable?.(problem);
}

/** An altered entry can have any number. It must not keep its resource from being written. */
function nextSeq(tail: AuditRow | undefined): number {
  const seq = (tail?.seq ?? 0) + 1;
  return Number.isSafeInteger(seq) ? seq : 1;
}

/** Decides a request whose write id is already committed: the recorded outcome, provided that the request is the same. */
async function decideReplay<A extends object>(
  ring: KeyRing,
  expected: {
    readonly write: AuditedWrite;
    readonly writeId: string;
    readonly parseOutcome: (outcome: unknown) => A | undefined;
  },
  { store, replay }: { readonly store: StoreRow; readonly replay: AuditRow },
): Promise<Decision<Committed<A>, WriteFailure>> {
  const { write, writeId, parseOutcome } = expected;
  // Every entry that this service wrote verifies. Without this check, the database could answer with another one.
  if (replay.writeId !== writeId || replay.spiffeId !== write.caller) {
    throw new SealError("inconsistent", "the audit entry loaded for a write id belongs to another write");
  }
  await verifyEntry(ring, store, replay);
  if (!(await verifyMac(requireRingKey(ring, replay.keyId), write.request, replay.request))) {
    return refuse({ code: "idempotency_key_reused" });
  }
  const outcome = parseOutcome(JSON.parse(replay.outcome));
  if (outcome === undefined) {
    throw new SealError(
      "malformed",
      `an audit entry of action "${write.action}" does not hold an outcome of that action`,
    );
  }
  return { kind: "settled", answer: { ...outcome, revision: replay.revision } };
}

function refuse<F>(failure: F): { readonly kind: "refused"; readonly failure: F } {
  return { kind: "refused", failure };
}
