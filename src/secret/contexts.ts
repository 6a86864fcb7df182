import type { Field } from "../seal/encoding.ts";
import type { Context } from "../seal/record.ts";
import type { SecretValues, VersionState } from "../store/rows.ts";

/** Identifies one secret. A path that was removed and created again has another `born`, so it is another secret. */
export interface SecretIdentity {
  readonly storeId: string;
  readonly path: string;
  readonly born: string;
}

/** Binds a wrapped data key to its secret. */
export function dataKeyContext(secret: SecretIdentity): Context {
  return { label: "secrets.wrapped_key", fields: identity(secret) };
}

/** Binds a sealed value to its secret, its version number and the write that created it. */
export function valueContext(secret: SecretIdentity, version: VersionState): Context {
  const { number, writeId, createdAt } = version;
  return { label: "secret_versions.sealed", fields: [...identity(secret), number, writeId, createdAt] };
}

/** Input of the `history` MAC: the states of all versions. Without it, a cleared `deleted_at` would go unnoticed. */
export function historyContext(secret: SecretIdentity, versions: readonly VersionState[]): Context {
  const states = versions.flatMap(({ number, writeId, createdAt, deletedAt, destroyedAt }): Field[] => [
    number,
    writeId,
    createdAt,
    deletedAt,
    destroyedAt,
  ]);
  return { label: "secrets.history", fields: [...identity(secret), versions.length, ...states] };
}

/** Input of the head's MAC: every column except `version`, which the commit assigns, and the MAC itself. */
export function headContext(storeId: string, head: Omit<SecretValues, "mac">): Context {
  return {
    label: "secrets",
    fields: [
      storeId,
      head.path,
      head.writeId,
      head.born,
      head.seq,
      head.base,
      head.epoch,
      head.latest,
      head.current,
      head.currentWriteId,
      head.currentUntil,
      head.oldest,
      head.maxVersions,
      head.keptVersions,
      Number(head.casRequired),
      Number(head.metadataCasRequired),
      head.metadataVersion,
      head.metadataAt,
      head.deleteAfter,
      head.custom,
      head.history,
      head.createdAt,
      head.updatedAt,
      head.writtenAt,
      head.wrappedKey,
      head.keyId,
    ],
  };
}

function identity({ storeId, path, born }: SecretIdentity): Field[] {
  return [storeId, path, born];
}
