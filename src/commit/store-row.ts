import { bytesToHex, hexToBytes } from "@noble/curves/utils.js";
import { isRecord } from "../json/is-record.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import { type KeyRing, requireRingKey, type RingKey } from "../seal/key-ring.ts";
import { computeMac, requireMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { Bytes, KeyRow, StoreRow } from "../store/rows.ts";
import type { Change } from "../store/store.ts";
import { AuthorityTrie } from "./authority/trie.ts";

/** The part of a snapshot that must be verified before anything else in it. */
interface StoreState {
  readonly store: StoreRow;
  readonly newest: Bytes | null;
  readonly keys: readonly KeyRow[];
}

/**
 * Verifies that the ring's keys are those of this store, and that this service wrote the store row. Every request does
 * this first, so that a wrong root key is detected before anything is written with it.
 *
 * @throws SealError
 */
export async function verifyStore(ring: KeyRing, state: StoreState): Promise<void> {
  await verifyStoreRow(ring, state);
  const { store, newest } = state;
  if (store.revision > 0 && newest === null) {
    throw new SealError("inconsistent", `the newest audit entry, ${store.revision}, is missing`);
  }
}

/** Like {@link verifyStore}, but the newest audit entry may be missing: for the repair of the audit. @throws SealError */
export async function verifyStoreRow(ring: KeyRing, { store, newest, keys }: StoreState): Promise<void> {
  requireRegisteredKeys(ring, keys);
  const { keyId, mac } = store;
  if (store.revision === 0) {
    // Nothing is signed yet. The first commit signs this state, so it must be exactly the state of an empty store.
    const { epoch, auditFloor, authority, generation, acknowledged } = store;
    const isUntouched = epoch === 0 && auditFloor === 0 && acknowledged === 0 && generation === "";
    const isUnsigned = keyId === null && mac === null && keys.length === 0 && newest === null;
    if (isUntouched && isUnsigned && equalBytes(authority, AuthorityTrie.of([]).root)) return;
    throw new SealError("inconsistent", "the store has revision 0 but is not empty");
  }
  if (keyId === null || mac === null) throw new SealError("inconsistent", "the store row has no MAC");
  await requireMac(ring, storeContext(store), { keyId, mac });
}

/** Requires that the ring's keys are those of the store. @throws SealError */
export function requireRegisteredKeys(ring: KeyRing, keys: readonly KeyRow[]): void {
  for (const row of keys) {
    const key = ring.keys.find((candidate) => candidate.id === row.keyId);
    if (key !== undefined && !equalBytes(key.check, row.checkValue)) {
      throw new SealError(
        "wrong_key",
        `the key with id "${row.keyId}" is not the key that this store registered under that id`,
      );
    }
  }
}

/**
 * The ring for writing: its primary key is the key of the verified store row, whatever the order of the ring. In an empty
 * store it is the first key of the ring, because the first commit signs the store row with it.
 *
 * So all workers write under the same key, even if their rings differ. Only `register` changes that key (decision 0024).
 *
 * @throws SealError if the ring lacks the key, or if its check value was removed from the store
 */
export function writingRing(ring: KeyRing, { store: { keyId }, keys }: Pick<StoreState, "store" | "keys">): KeyRing {
  if (keyId === null) return ring;
  const primary = requireRingKey(ring, keyId);
  if (keys.some((row) => row.keyId === keyId)) return { ...ring, primary };
  throw new SealError("unregistered_key", `key id "${keyId}" signed the store row but is not registered in this store`);
}

/**
 * Another id of the same key, in the ring or in the store. Equal check values mean equal keys. With two ids for one
 * key, a rotation between them would only rename the key.
 */
export function findOtherId(
  key: RingKey,
  known: { readonly ring: KeyRing; readonly keys: readonly KeyRow[] },
): string | undefined {
  const ids = [
    ...known.ring.keys.filter(({ check }) => equalBytes(check, key.check)).map(({ id }) => id),
    ...known.keys.filter(({ checkValue }) => equalBytes(checkValue, key.check)).map(({ keyId }) => keyId),
  ];
  return ids.find((id) => id !== key.id);
}

/** The row that registers a key. */
export function toKeyRow(key: RingKey, now: number): KeyRow {
  return { keyId: key.id, checkValue: key.check, createdAt: now };
}

/**
 * What the first commit adds to an empty store: the rows that register the whole ring, and the MAC of the store row.
 *
 * @throws SealError if the ring has one key under two ids
 */
export async function firstCommit(ring: KeyRing, store: StoreRow, now: number): Promise<NonNullable<Change["init"]>> {
  const twin = ring.keys.find((key) => findOtherId(key, { ring, keys: [] }) !== undefined);
  if (twin !== undefined) {
    throw new SealError("duplicate_key", `the key with id "${twin.id}" is also in the ring under another id`);
  }
  const keyId = ring.primary.id;
  return {
    keys: ring.keys.map((key) => toKeyRow(key, now)),
    keyId,
    mac: await signState(ring.primary, { ...store, keyId }),
  };
}

/** The signed columns of the store row. */
export type SignedState = Pick<
  StoreRow,
  "storeId" | "epoch" | "auditFloor" | "authority" | "generation" | "acknowledged" | "keyId"
>;

/** The MAC of a store row under `key`, whose id it must name. */
export async function signState(key: RingKey, state: SignedState): Promise<Bytes> {
  return await computeMac(key, storeContext(state));
}

/** The signed columns as JSON, for the audit entry of the commit that leads to them. */
export function describeState({ epoch, auditFloor, authority, generation, acknowledged, keyId }: SignedState): string {
  return JSON.stringify({ epoch, auditFloor, authority: bytesToHex(authority), generation, acknowledged, keyId });
}

/** The state that an entry's `leadsTo` describes. Undefined if the text does not describe one. */
export function parseState(storeId: string, leadsTo: string): (SignedState & { readonly keyId: string }) | undefined {
  const value: unknown = JSON.parse(leadsTo);
  if (!isRecord(value)) return undefined;
  const { epoch, auditFloor, authority, generation, acknowledged, keyId } = value;
  if (typeof epoch !== "number" || typeof auditFloor !== "number" || typeof acknowledged !== "number") return undefined;
  if (typeof authority !== "string" || typeof generation !== "string" || typeof keyId !== "string") return undefined;
  return { storeId, epoch, auditFloor, authority: hexToBytes(authority), generation, acknowledged, keyId };
}

/** What the first commit signs: the state of an empty store, with the key that it registers. */
export function emptyState(storeId: string, keyId: string): SignedState & { readonly keyId: string } {
  const { root: authority } = AuthorityTrie.of([]);
  return { storeId, epoch: 0, auditFloor: 0, authority, generation: "", acknowledged: 0, keyId };
}

/** Not the schema version: a migration raises it, and cannot sign. */
function storeContext(state: SignedState): Context {
  const { storeId, epoch, auditFloor, authority, generation, acknowledged, keyId } = state;
  return { label: "store", fields: [storeId, epoch, auditFloor, authority, generation, acknowledged, keyId] };
}
