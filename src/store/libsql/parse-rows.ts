import type { AuditRow, BundleRow, Bytes, PolicyRow, RegisteredKey, SecretRow, StoreRow } from "../rows.ts";
import type { VersionRow, VersionState } from "../rows.ts";
import type { KeyCount, KeyUse } from "../store.ts";
import { Columns, malformed } from "./columns.ts";

/** What `read-statements.ts` makes of rows, each in the order of the schema. */
type Read<T> = (columns: Columns) => T;

/** One row, or undefined for JSON's null. */
export function parseOne<T>(json: unknown, read: Read<T>): T | undefined {
  return json === null ? undefined : parseRow(json, read);
}

/** A list of rows; a part that was not to be had counts as an empty one. */
export function parseList<T>(json: unknown, read: Read<T>): readonly T[] {
  if (json === null) return [];
  if (!Array.isArray(json)) throw malformed("a list is none");
  return json.map((row: unknown) => parseRow(row, read));
}

export function parsePaths(json: unknown): readonly string[] {
  if (json === null) return [];
  if (!Array.isArray(json)) throw malformed("a list is none");
  return json.map((path: unknown) => {
    if (typeof path !== "string") throw malformed("a path is no text");
    return path;
  });
}

function parseRow<T>(json: unknown, read: Read<T>): T {
  const columns = new Columns(json);
  const row = read(columns);
  columns.end();
  return row;
}

export function readStore(at: Columns): {
  readonly row: StoreRow;
  readonly now: number;
  readonly newest: Bytes | null;
} {
  if (at.integer() !== 1) throw malformed("another row of the store");
  const row = {
    storeId: at.text(),
    revision: at.integer(),
    epoch: at.integer(),
    schemaVersion: at.integer(),
    auditFloor: at.integer(),
    keyId: at.textOrNull(),
    mac: at.bytesOrNull(),
  };
  return { row, now: at.time(), newest: at.bytesOrNull() };
}

export function readKey(at: Columns): RegisteredKey {
  return { keyId: at.text(), checkValue: at.bytes(), createdAt: at.integer(), hasPolicies: at.boolean() };
}

export function readSecret(at: Columns): SecretRow {
  return {
    path: at.text(),
    version: at.integer(),
    writeId: at.text(),
    born: at.text(),
    seq: at.integer(),
    base: at.integer(),
    epoch: at.integer(),
    latest: at.integer(),
    current: at.integer(),
    currentWriteId: at.textOrNull(),
    currentUntil: at.integerOrNull(),
    oldest: at.integer(),
    maxVersions: at.integer(),
    casRequired: at.boolean(),
    metadataCasRequired: at.boolean(),
    metadataVersion: at.integer(),
    deleteAfter: at.integer(),
    custom: at.bytesOrNull(),
    history: at.bytes(),
    createdAt: at.integer(),
    updatedAt: at.integer(),
    writtenAt: at.integer(),
    wrappedKey: at.bytes(),
    keyId: at.text(),
    mac: at.bytes(),
  };
}

export function readState(at: Columns): VersionState {
  return {
    number: at.integer(),
    writeId: at.text(),
    createdAt: at.integer(),
    deletedAt: at.integerOrNull(),
    destroyedAt: at.integerOrNull(),
  };
}

/** A version, and its value as it came in a column of its own. */
export function parseVersion(json: unknown, sealed: unknown): VersionRow | undefined {
  const state = parseOne(json, readState);
  if (sealed !== null && !(sealed instanceof ArrayBuffer)) throw malformed("a value is no bytes");
  return state && { ...state, sealed: sealed === null ? null : new Uint8Array(sealed) };
}

const AUDIT_COLUMNS = 16;

export function readAudit(at: Columns): AuditRow {
  return {
    revision: at.integer(),
    writeId: at.text(),
    request: at.bytes(),
    at: at.integer(),
    spiffeId: at.text(),
    action: at.text(),
    resource: at.text(),
    seq: at.integer(),
    prev: at.bytesOrNull(),
    base: at.integer(),
    anchor: at.bytesOrNull(),
    epoch: at.integer(),
    outcome: at.text(),
    traceId: at.text(),
    keyId: at.text(),
    mac: at.bytes(),
  };
}

/** A row and, behind its columns, its newest audit entry, or as many NULLs. */
export function withTail<T>(read: Read<T>): Read<{ readonly row: T; readonly tail: AuditRow | undefined }> {
  return (at) => ({ row: read(at), tail: at.skipNulls(AUDIT_COLUMNS) ? undefined : readAudit(at) });
}

export function readPolicy(at: Columns): PolicyRow {
  return {
    name: at.text(),
    version: at.integer(),
    writeId: at.text(),
    epoch: at.integer(),
    idTag: at.bytes(),
    pathTag: at.bytes(),
    sealed: at.bytes(),
    keyId: at.text(),
    createdAt: at.integer(),
    updatedAt: at.integer(),
  };
}

export function readBundle(at: Columns): BundleRow {
  return {
    trustDomain: at.text(),
    version: at.integer(),
    writeId: at.text(),
    epoch: at.integer(),
    bundle: at.text(),
    sequence: at.textOrNull(),
    endpointUrl: at.textOrNull(),
    endpointProfile: at.textOrNull(),
    refreshHint: at.integerOrNull(),
    fetchedAt: at.integerOrNull(),
    keyId: at.text(),
    mac: at.bytes(),
  };
}

export function readKeyUse(at: Columns): KeyUse {
  return { keyId: at.text(), used: at.boolean() };
}

export function readKeyCount(at: Columns): KeyCount {
  return {
    keyId: at.text(),
    secrets: at.integer(),
    policies: at.integer(),
    bundles: at.integer(),
    store: at.integer(),
    deletions: at.integer(),
    entries: at.integer(),
  };
}

/** A state of a version, and the path that it belongs to. */
export function readPathState(at: Columns): { readonly path: string; readonly state: VersionState } {
  return { path: at.text(), state: readState(at) };
}
