import type { RandomBytes } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import type { Attempts } from "../store/attempts.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Rest } from "../store/store.ts";
import type { AuthorityTrie } from "./authority/trie.ts";
import { markAfter } from "./bookmark/mark.ts";
import { isDue, signHeartbeat } from "./heartbeat.ts";
import { sealEntry } from "./entry.ts";
import { describeState, firstCommit, signState } from "./store-row.ts";

/** What the audit entry of a write records about its request. */
export interface RecordedRequest {
  /** SPIFFE ID of the caller. */
  readonly caller: string;
  readonly traceId: string;
  readonly action: string;
  /** The changed resource: `secret:PATH`, `policy:NAME` and so on. */
  readonly resource: string;
  /** Every field that distinguishes this request from another one. The entry stores its MAC. */
  readonly request: Context;
}

/** A write that was decided on, with the rows that it changes. */
export interface AcceptedWrite<A extends object> {
  readonly ok: true;
  readonly change: Pick<Change, "secret" | "policy" | "bundle" | "prune" | "register" | "beyond">;
  /**
   * Replaces or removes something that does not verify, so what it replaces is not compared. Never decided on a replica: its copy alone
   * may be damaged.
   */
  readonly isRepair?: boolean;
  /** Signs the audit entry and the store row. {@link NextEntry.ring} unless set. */
  readonly ring?: KeyRing;
  /**
   * Set if the change affects permissions, the key that rows are written with or another signed column of the store row.
   * Raises the epoch.
   */
  readonly authority?: Partial<Pick<StoreRow, "auditFloor" | "generation" | "acknowledged">> & {
    /** The trie with the changed rows. */
    readonly trie?: AuthorityTrie;
  };
  /** Recorded in the audit entry and returned to the caller. Never holds a secret value. */
  readonly outcome: A;
}

/** The audit entry that a write is going to append. */
export interface NextEntry {
  readonly writeId: string;
  readonly seq: number;
  /** All rows of the write are sealed with its primary key. */
  readonly ring: KeyRing;
  /** When the rows are written: see `effectiveTime`. The entry itself has the times of both clocks. */
  readonly time: number;
}

/** Everything needed to seal a stored row again, under the primary key of `ring`. */
export interface RewrapInput extends NextEntry {
  readonly store: StoreRow;
  /** With the rows of the page that were rewrapped before. */
  readonly trie: AuthorityTrie;
  readonly randomBytes: RandomBytes;
}

/** Combines the changed rows with the audit entry and, where needed, a newly signed store row. */
export async function buildChange(
  accepted: AcceptedWrite<object>,
  at: {
    readonly write: RecordedRequest;
    readonly place: NextEntry;
    /** The newest audit entry of the resource. */
    readonly tail: AuditRow | undefined;
    readonly snapshot: AnySnapshot;
    /** The store row as loaded, if `snapshot` has a repaired one. */
    readonly damaged?: StoreRow | undefined;
    /** The rows that permit the write. */
    readonly rests: readonly Rest[];
    /** The worker's clock, and when the request ends by it. */
    readonly attempts: Pick<Attempts, "now" | "endsAt">;
    /** The age in milliseconds from which on the commit replaces the heartbeat. Undefined: never. */
    readonly heartbeatMs?: number | undefined;
  },
): Promise<Change> {
  const { write, place, tail, snapshot, damaged, rests, attempts, heartbeatMs } = at;
  const { writeId, seq } = place;
  const ring = accepted.ring ?? place.ring;
  const { store, newest } = snapshot;
  const { caller, action, resource, traceId } = write;
  const workerAt = attempts.now();
  const { trie, ...columns } = accepted.authority ?? {};
  const next = {
    ...store,
    ...columns,
    ...(trie && { authority: trie.root }),
    epoch: store.epoch + 1,
    keyId: ring.primary.id,
  };
  const raises = accepted.authority !== undefined;
  const [audit, init, mac] = await Promise.all([
    sealEntry(ring, store.storeId, {
      writeId,
      seq,
      request: await computeMac(ring.primary, write.request),
      at: snapshot.now,
      workerAt,
      spiffeId: caller,
      action,
      resource,
      prev: tail?.mac ?? null,
      base: store.revision,
      anchor: newest,
      epoch: store.epoch,
      state: store.mac,
      leadsTo: raises ? describeState(next) : null,
      outcome: JSON.stringify(accepted.outcome),
      traceId,
    }),
    store.revision === 0 ? firstCommit(ring, store, place.time) : undefined,
    raises ? signState(ring.primary, next) : undefined,
  ]);
  const change: Change = {
    audit,
    tail: tail?.revision ?? 0,
    rests,
    // By the database's clock. The request may end earlier, because the snapshot took time to arrive.
    notAfter: snapshot.now + Math.max(0, attempts.endsAt - workerAt),
    decidedOn: {
      storeId: store.storeId,
      generation: (damaged ?? store).generation,
      keyId: (damaged ?? store).keyId,
      schemaVersion: store.schemaVersion,
    },
    ...(damaged && { damagedEpoch: damaged.epoch }),
    ...accepted.change,
    ...(init && { init }),
    ...(mac && { authority: { ...next, mac, nodes: trie?.changes ?? [] } }),
  };
  // The heartbeat of an earlier generation proves nothing in the next one.
  const isOfEarlier = columns.generation !== undefined;
  if (heartbeatMs === undefined || !(isOfEarlier || isDue(snapshot.heartbeat?.row, workerAt, heartbeatMs)))
    return change;
  // The commit is applied after this time. So a state that contains it contains everything that was acknowledged before.
  const mark = markAfter(change, store, 0);
  return mark === undefined
    ? change
    : { ...change, heartbeat: await signHeartbeat(ring, mark, { store: { ...store, ...columns }, at: workerAt }) };
}
