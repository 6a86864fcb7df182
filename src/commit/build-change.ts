import type { RandomBytes } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change } from "../store/store.ts";
import { sealEntry } from "./entry.ts";
import { firstCommit, nextAuthority } from "./store-row.ts";

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
  readonly change: Pick<Change, "secret" | "policy" | "bundle" | "prune" | "register">;
  /** Signs the audit entry and the store row. {@link NextEntry.ring} unless set. */
  readonly ring?: KeyRing;
  /** Set if the change affects permissions, the key that rows are written with or the audit floor. Raises the epoch. */
  readonly authority?: { readonly auditFloor: number };
  /** Recorded in the audit entry and returned to the caller. Never holds a secret value. */
  readonly outcome: A;
  /** Milliseconds by the database's clock, never before the previous write of the resource. */
  readonly now: number;
}

/** The audit entry that a write is going to append. */
export interface NextEntry {
  readonly writeId: string;
  readonly seq: number;
  /** All rows of the write are sealed with its primary key. */
  readonly ring: KeyRing;
}

/** Everything needed to seal a stored row again, under the primary key of `ring`. */
export interface RewrapInput extends NextEntry {
  readonly store: StoreRow;
  readonly randomBytes: RandomBytes;
  /** Milliseconds by the database's clock. */
  readonly now: number;
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
  },
): Promise<Change> {
  const { write, place, tail, snapshot } = at;
  const { writeId, seq } = place;
  const ring = accepted.ring ?? place.ring;
  const { store, newest } = snapshot;
  const { caller, action, resource, traceId } = write;
  const [audit, init, authority] = await Promise.all([
    sealEntry(ring, store.storeId, {
      writeId,
      seq,
      request: await computeMac(ring.primary, write.request),
      at: accepted.now,
      spiffeId: caller,
      action,
      resource,
      prev: tail?.mac ?? null,
      base: store.revision,
      anchor: newest,
      epoch: store.epoch,
      outcome: JSON.stringify(accepted.outcome),
      traceId,
    }),
    store.revision === 0 ? firstCommit(ring, store, accepted.now) : undefined,
    accepted.authority && nextAuthority(ring, { ...store, ...accepted.authority }),
  ]);
  return {
    audit,
    tail: tail?.revision ?? 0,
    ...accepted.change,
    ...(init && { init }),
    ...(authority && { authority }),
  };
}
