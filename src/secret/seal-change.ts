import { createDataKey, type RandomBytes, renewDataKey } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import { sealRecord } from "../seal/record.ts";
import { encodeUtf8 } from "../encoding/utf8.ts";
import type { Bytes, SecretRow, SecretValues, StoreRow, VersionState } from "../store/rows.ts";
import type { SecretChange, VersionChanges } from "../store/store.ts";
import { dataKeyContext, headContext, historyContext, type SecretIdentity, valueContext } from "./contexts.ts";
import { summarize, type Versions } from "./versions.ts";

/** How an operation changes the versions of a secret, before sealing. */
export interface VersionEdit {
  /** All versions afterwards. */
  readonly versions: Versions;
  /** A new version and its JSON text. */
  readonly added?: { readonly state: VersionState; readonly text: string };
  readonly pruneBelow?: number | undefined;
  readonly softDelete?: { readonly numbers: readonly number[]; readonly at: number };
  readonly restore?: { readonly numbers: readonly number[] };
}

/** The secret to change, and what sealing it needs. */
export interface SealInput {
  readonly path: string;
  readonly store: StoreRow;
  /** The head as loaded and verified; undefined creates the secret. */
  readonly head: SecretRow | undefined;
  readonly writeId: string;
  readonly seq: number;
  readonly now: number;
  readonly ring: KeyRing;
  readonly randomBytes: RandomBytes;
  /** Number of versions to keep, for a new secret. */
  readonly keptVersions: number;
}

/** Turns an edit into rows that depend on the ring's primary key only. */
export async function sealChange(edit: VersionEdit, input: SealInput): Promise<SecretChange> {
  const { head, writeId, store, ring, randomBytes } = input;
  const born = head?.born ?? writeId;
  const identity: SecretIdentity = { storeId: store.storeId, path: input.path, born };
  const context = dataKeyContext(identity);
  const dataKey = await (head === undefined
    ? createDataKey(ring, context, randomBytes)
    : renewDataKey(ring, head.wrappedKey, { context, randomBytes }));
  const [history, sealed] = await Promise.all([
    computeMac(ring.primary, historyContext(identity, edit.versions)),
    edit.added && sealValue(randomBytes, dataKey.key, { identity, added: edit.added }),
  ]);
  const unsigned = {
    ...nextColumns(edit, input),
    born,
    history,
    wrappedKey: dataKey.wrapped,
    keyId: ring.primary.id,
  };
  const next: SecretValues = { ...unsigned, mac: await computeMac(ring.primary, headContext(store.storeId, unsigned)) };
  const versions = changesOf(edit, sealed);
  return head === undefined
    ? { kind: "create", head: next, versions }
    : { kind: "update", seen: head.version, head: next, versions };
}

type Plain = Omit<SecretValues, "born" | "history" | "wrappedKey" | "keyId" | "mac">;

function nextColumns(edit: VersionEdit, input: SealInput): Plain {
  const { path, head, writeId, seq, now, store } = input;
  const summary = summarize(edit.versions, now);
  // SPIKE's updatedTime changes with a put, and when another version becomes the current one.
  const updated = edit.added !== undefined || summary.current !== (head?.current ?? 0);
  return {
    path,
    writeId,
    seq,
    base: store.revision,
    epoch: store.epoch,
    latest: edit.added?.state.number ?? head?.latest ?? 0,
    ...summary,
    maxVersions: head?.maxVersions ?? 0,
    keptVersions: head?.keptVersions ?? input.keptVersions,
    casRequired: head?.casRequired ?? false,
    metadataCasRequired: head?.metadataCasRequired ?? false,
    metadataVersion: head?.metadataVersion ?? 0,
    metadataAt: head?.metadataAt ?? now,
    deleteAfter: head?.deleteAfter ?? 0,
    custom: head?.custom ?? null,
    createdAt: head?.createdAt ?? now,
    updatedAt: updated ? now : (head?.updatedAt ?? now),
    writtenAt: now,
  };
}

async function sealValue(
  randomBytes: RandomBytes,
  key: CryptoKey,
  value: { readonly identity: SecretIdentity; readonly added: { readonly state: VersionState; readonly text: string } },
): Promise<Bytes> {
  const { state, text } = value.added;
  const context = valueContext(value.identity, state);
  // The empty key id stands for the secret's own data key, whichever root key wraps it.
  return await sealRecord({ id: "", key }, encodeUtf8(text), { context, nonce: randomBytes(12) });
}

function changesOf(edit: VersionEdit, sealed: Bytes | undefined): VersionChanges {
  const { added, pruneBelow, softDelete, restore } = edit;
  return {
    ...(added && sealed && { insert: { ...added.state, sealed } }),
    ...(pruneBelow !== undefined && { pruneBelow }),
    ...(softDelete && { softDelete }),
    ...(restore && { restore }),
  };
}
