import type { RandomBytes } from "../seal/data-key.ts";
import { type KeyRing, requireRingKey } from "../seal/key-ring.ts";
import { verifyMac, computeMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Query, Snapshot } from "../store/store.ts";
import { type Decision, type Outcome, transact } from "../store/transact.ts";
import type { WriteDeps } from "./deps.ts";
import { sealEntry, verifyEntry } from "./entry.ts";
import { firstCommit, nextAuthority, verifyStore, writingRing } from "./store-row.ts";
import { writeIdOf } from "./write-id.ts";

/** Who asks for a write, and how this request is told apart from others. */
export interface WriteOrigin {
  /** SPIFFE ID of the caller. */
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly traceId: string;
}

/** A write as the audit records it. */
export interface AuditedWrite extends WriteOrigin {
  readonly action: string;
  readonly resource: string;
  /** All that makes the request this very one: sent again under its key, it must be the same. */
  readonly request: Context;
}

export type WriteFailure =
  /** No policy, or one no more. */
  | { readonly code: "denied" }
  /** The idempotency key was used for another request. */
  | { readonly code: "idempotency_key_reused" };

/** What a snapshot leads to: a failure, or rows to write and what the caller is told of them, revision aside. */
export type WriteDecision<A extends object, F> = { readonly ok: false; readonly failure: F } | AcceptedWrite<A>;

export interface AcceptedWrite<A extends object> {
  readonly ok: true;
  readonly change: Pick<Change, "secret" | "policy" | "bundle" | "prune" | "register">;
  /** What the entry and the store row are sealed with, where that is not what rows of this moment are written with. */
  readonly ring?: KeyRing;
  /** Set when the change alters who may do what, which key is written with, or the audit floor: raises the epoch. */
  readonly authority?: { readonly auditFloor: number };
  readonly outcome: A;
  /** Milliseconds by the database's clock, never before the resource was last written. */
  readonly now: number;
}

/** The place of a write in the audit. */
export interface NextEntry {
  readonly writeId: string;
  readonly seq: number;
  /** All that is written goes under its primary key. */
  readonly ring: KeyRing;
}

/** Where a row is going to be sealed anew, as {@link NextEntry} and what else a row takes. */
export interface RewrapInput extends NextEntry {
  readonly store: StoreRow;
  readonly randomBytes: RandomBytes;
  /** Milliseconds, by the database's clock. */
  readonly now: number;
}

/**
 * Carries out a write exactly once, with its audit entry: two round trips when nobody interferes.
 *
 * In every snapshot the caller's right is judged first, then a repeated write id gets its first answer, and only then
 * `decide` decides. A refusal means that nothing was done. What `decide` returns is told to the caller with the revision of the commit.
 *
 * @throws SealError, StoreUnavailable
 */
export async function auditedWrite<Q extends Query, A extends object, F>(
  deps: WriteDeps,
  write: AuditedWrite,
  options: {
    readonly query: Q;
    /** The newest audit entry of the resource, verified or not, as `query` loads it. */
    readonly tailOf: (snapshot: AnySnapshot) => AuditRow | undefined;
    readonly decide: (snapshot: Snapshot<Q>, place: NextEntry) => Promise<WriteDecision<A, F>>;
    /** Reads back what a verdict's `outcome` was; undefined when it is none of this kind of write. */
    readonly parseOutcome: (outcome: unknown) => A | undefined;
  },
): Promise<Outcome<A & { readonly revision: number }, F | WriteFailure>> {
  const writeId = await writeIdOf(write.caller, write.idempotencyKey, deps.randomBytes);
  const query = { ...deps.access.query, ...options.query, writeId };
  let sent = false;
  const decide = async (
    snapshot: Snapshot<typeof query>,
  ): Promise<Decision<A & { readonly revision: number }, F | WriteFailure>> => {
    await verifyStore(deps.ring, snapshot);
    // A commit of this very request that was applied, its answer lost, was permitted when it was decided. The right may be
    // gone since, by that commit itself if it was its caller's own policy: "denied" would be untrue.
    const applied = sent && snapshot.replay !== undefined;
    if (!applied && !(await deps.access.permits(snapshot))) return refuse({ code: "denied" });
    if (snapshot.replay !== undefined) {
      const { replay } = snapshot;
      const known = await settle(deps.ring, { write, writeId }, { snapshot, replay });
      return known === undefined ? refuse({ code: "idempotency_key_reused" }) : settled(known, replay, options);
    }
    const ring = writingRing(deps.ring, snapshot);
    const tail = options.tailOf(snapshot);
    const place = { writeId, seq: (tail?.seq ?? 0) + 1, ring };
    const verdict = await options.decide(snapshot, place);
    if (!verdict.ok) return refuse(verdict.failure);
    const change = await buildChange(verdict, { write, place, tail, snapshot });
    sent = true;
    return { kind: "commit", change, answer: (revision) => ({ ...verdict.outcome, revision }) };
  };
  return await transact(deps.store, query, { attempts: deps.attempts, decide });
}

function refuse<F>(failure: F): { readonly kind: "refused"; readonly failure: F } {
  return { kind: "refused", failure };
}

/** Completes the rows of a verdict to the one change that commits them. */
export async function buildChange(
  verdict: AcceptedWrite<object>,
  at: {
    readonly write: Omit<AuditedWrite, "idempotencyKey">;
    readonly place: NextEntry;
    readonly tail: AuditRow | undefined;
    readonly snapshot: AnySnapshot;
  },
): Promise<Change> {
  const { write, place, tail, snapshot } = at;
  const { writeId, seq } = place;
  const ring = verdict.ring ?? place.ring;
  const { store, newest } = snapshot;
  const { caller, action, resource, traceId } = write;
  const [audit, init, authority] = await Promise.all([
    sealEntry(ring, store.storeId, {
      writeId,
      seq,
      request: await computeMac(ring.primary, write.request),
      at: verdict.now,
      spiffeId: caller,
      action,
      resource,
      prev: tail?.mac ?? null,
      base: store.revision,
      anchor: newest,
      epoch: store.epoch,
      outcome: JSON.stringify(verdict.outcome),
      traceId,
    }),
    store.revision === 0 ? firstCommit(ring, store, verdict.now) : undefined,
    verdict.authority && nextAuthority(ring, { ...store, ...verdict.authority }),
  ]);
  return {
    audit,
    tail: tail?.revision ?? 0,
    ...verdict.change,
    ...(init && { init }),
    ...(authority && { authority }),
  };
}

/** What the write with this id was told, as JSON; undefined when that was another request. */
async function settle(
  ring: KeyRing,
  { write, writeId }: { readonly write: AuditedWrite; readonly writeId: string },
  { snapshot, replay }: { readonly snapshot: AnySnapshot; readonly replay: AuditRow },
): Promise<string | undefined> {
  // Any entry of ours is authentic: it has to be the one that was asked for, or an old answer could pass for this one.
  if (replay.writeId !== writeId || replay.spiffeId !== write.caller) {
    throw new SealError("inconsistent", "an entry of another write was given for this one");
  }
  await verifyEntry(ring, snapshot.store, replay);
  return (await verifyMac(requireRingKey(ring, replay.keyId), write.request, replay.request))
    ? replay.outcome
    : undefined;
}

function settled<A extends object>(
  known: string,
  replay: AuditRow,
  { parseOutcome }: { readonly parseOutcome: (outcome: unknown) => A | undefined },
): { readonly kind: "settled"; readonly answer: A & { readonly revision: number } } {
  const outcome = parseOutcome(JSON.parse(known));
  if (outcome === undefined) throw new SealError("malformed", "an audit entry tells no outcome of its action");
  return { kind: "settled", answer: { ...outcome, revision: replay.revision } };
}
