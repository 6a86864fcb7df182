import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing, RingKey } from "../seal/key-ring.ts";
import { computeMac, requireMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { Bytes, KeyRow, StoreRow } from "../store/rows.ts";
import type { Change } from "../store/store.ts";

/** The part of a snapshot that everything else is judged by. */
export interface Anchor {
  readonly store: StoreRow;
  readonly newest: Bytes | null;
  readonly keys: readonly KeyRow[];
}

/**
 * Whether the ring fits the store and the store row is ours. Comes first in every request: a wrong root key is noticed
 * before anything is written under it.
 *
 * @throws SealError
 */
export async function verifyStore(ring: KeyRing, { store, newest, keys }: Anchor): Promise<void> {
  for (const row of keys) {
    const key = ring.keys.find((candidate) => candidate.id === row.keyId);
    if (key !== undefined && !equalBytes(key.check, row.checkValue)) {
      throw new SealError(
        "wrong_key",
        `key id "${row.keyId}" in the ring is not the key this store knows by that name`,
      );
    }
  }
  const { keyId, mac } = store;
  if (store.revision === 0) {
    // Nothing is signed yet, so nothing may have happened: the first commit signs what it finds here.
    const untouched = store.epoch === 0 && store.auditFloor === 0 && keyId === null && mac === null;
    if (untouched && keys.length === 0 && newest === null) return;
    throw new SealError("inconsistent", "the store claims to be empty, and is not");
  }
  if (keyId === null || mac === null) throw new SealError("inconsistent", "the store row has lost its MAC");
  if (newest === null) throw new SealError("inconsistent", `audit entry ${store.revision}, the newest, is missing`);
  await requireMac(ring, contextOf(store), { keyId, mac });
}

/**
 * The ring as new rows are written with it: its primary is the first key that has a check value in the store. An empty store
 * gets those of the whole ring with its first commit.
 *
 * A key that was put in front and is not registered yet could be a slip, or not be everywhere: until it is registered the
 * one before it is written with. Decision 0016.
 *
 * @throws SealError when the store knows none of the keys
 */
export function writingRing(ring: KeyRing, { store, keys }: Anchor): KeyRing {
  if (store.revision === 0) return ring;
  const primary = ring.keys.find(({ id }) => keys.some((row) => row.keyId === id));
  if (primary !== undefined) return { ...ring, primary };
  const ids = ring.keys.map(({ id }) => `"${id}"`).join(", ");
  throw new SealError("unregistered_key", `none of the ring's key ids has a check value in this store: ${ids}`);
}

/** What registers a key: from the commit on that brings it, it is written with if no registered one is before it. */
export function toKeyRow(key: RingKey, now: number): KeyRow {
  return { keyId: key.id, checkValue: key.check, createdAt: now };
}

/** What the first commit of an empty store brings along: check values of the whole ring, and the store's first MAC. */
export async function firstCommit(ring: KeyRing, store: StoreRow, now: number): Promise<NonNullable<Change["init"]>> {
  const keyId = ring.primary.id;
  return {
    keys: ring.keys.map((key) => toKeyRow(key, now)),
    keyId,
    mac: await computeMac(ring.primary, contextOf({ ...store, keyId })),
  };
}

/** What the store row is signed with once a commit has raised its epoch; the audit floor may have changed with it. */
export async function nextAuthority(ring: KeyRing, store: StoreRow): Promise<NonNullable<Change["authority"]>> {
  const keyId = ring.primary.id;
  return { keyId, mac: await computeMac(ring.primary, contextOf({ ...store, epoch: store.epoch + 1, keyId })) };
}

function contextOf(store: StoreRow): Context {
  return { label: "store", fields: [store.storeId, store.epoch, store.schemaVersion, store.auditFloor, store.keyId] };
}
