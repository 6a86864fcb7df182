import type { ResultSet, Row } from "@libsql/client/web";
import type { AuditRow, BundleRow, Bytes, PolicyRow, RegisteredKey, SecretRow, StoreRow } from "../rows.ts";
import type { VersionRow, VersionState } from "../rows.ts";
import type { KeyCount, KeyUse } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";

/** Rows come from outside: each column is checked once, here. Anything unexpected counts as an unreadable answer. */
export function parseStore(result: ResultSet): StoreRow & { readonly now: number; readonly newest: Bytes | null } {
  const row = one(result);
  if (row === undefined) throw rubbish("no store row: are the migrations applied?");
  return {
    now: time(row, "now"),
    newest: orNull(blob, row, "newest"),
    storeId: text(row, "store_id"),
    revision: integer(row, "revision"),
    epoch: integer(row, "epoch"),
    schemaVersion: integer(row, "schema_version"),
    auditFloor: integer(row, "audit_floor"),
    keyId: orNull(text, row, "key_id"),
    mac: orNull(blob, row, "mac"),
  };
}

export function parseKey(row: Row): RegisteredKey {
  return {
    keyId: text(row, "key_id"),
    checkValue: blob(row, "check_value"),
    createdAt: integer(row, "created_at"),
    hasPolicies: integer(row, "has_policies") === 1,
  };
}

export function parseHead(result: ResultSet): SecretRow | undefined {
  const row = one(result);
  return row && parseSecret(row);
}

export function parseSecret(row: Row): SecretRow {
  return {
    path: text(row, "path"),
    version: integer(row, "version"),
    writeId: text(row, "write_id"),
    born: text(row, "born"),
    seq: integer(row, "seq"),
    base: integer(row, "base"),
    epoch: integer(row, "epoch"),
    latest: integer(row, "latest"),
    current: integer(row, "current"),
    currentWriteId: orNull(text, row, "current_write_id"),
    currentUntil: orNull(integer, row, "current_until"),
    oldest: integer(row, "oldest"),
    maxVersions: integer(row, "max_versions"),
    casRequired: integer(row, "cas_required") === 1,
    metadataCasRequired: integer(row, "metadata_cas_required") === 1,
    metadataVersion: integer(row, "metadata_version"),
    deleteAfter: integer(row, "delete_after"),
    custom: orNull(blob, row, "custom"),
    history: blob(row, "history"),
    createdAt: integer(row, "created_at"),
    updatedAt: integer(row, "updated_at"),
    writtenAt: integer(row, "written_at"),
    wrappedKey: blob(row, "wrapped_key"),
    keyId: text(row, "key_id"),
    mac: blob(row, "mac"),
  };
}

export function parseState(row: Row): VersionState {
  return {
    number: integer(row, "number"),
    writeId: text(row, "write_id"),
    createdAt: integer(row, "created_at"),
    deletedAt: orNull(integer, row, "deleted_at"),
    destroyedAt: orNull(integer, row, "destroyed_at"),
  };
}

export function parseVersion(result: ResultSet): VersionRow | undefined {
  const row = one(result);
  return row && { ...parseState(row), sealed: orNull(blob, row, "sealed") };
}

export function parseAudit(row: Row): AuditRow {
  return {
    revision: integer(row, "revision"),
    writeId: text(row, "write_id"),
    request: blob(row, "request"),
    at: integer(row, "at"),
    spiffeId: text(row, "spiffe_id"),
    action: text(row, "action"),
    resource: text(row, "resource"),
    seq: integer(row, "seq"),
    prev: orNull(blob, row, "prev"),
    base: integer(row, "base"),
    anchor: orNull(blob, row, "anchor"),
    epoch: integer(row, "epoch"),
    outcome: text(row, "outcome"),
    traceId: text(row, "trace_id"),
    keyId: text(row, "key_id"),
    mac: blob(row, "mac"),
  };
}

export function parsePolicy(row: Row): PolicyRow {
  return {
    name: text(row, "name"),
    version: integer(row, "version"),
    writeId: text(row, "write_id"),
    epoch: integer(row, "epoch"),
    idTag: blob(row, "id_tag"),
    pathTag: blob(row, "path_tag"),
    sealed: blob(row, "sealed"),
    keyId: text(row, "key_id"),
    createdAt: integer(row, "created_at"),
    updatedAt: integer(row, "updated_at"),
  };
}

export function parseBundle(row: Row): BundleRow {
  return {
    trustDomain: text(row, "trust_domain"),
    version: integer(row, "version"),
    writeId: text(row, "write_id"),
    epoch: integer(row, "epoch"),
    bundle: text(row, "bundle"),
    sequence: orNull(text, row, "sequence"),
    endpointUrl: orNull(text, row, "endpoint_url"),
    endpointProfile: orNull(text, row, "endpoint_profile"),
    refreshHint: orNull(integer, row, "refresh_hint"),
    fetchedAt: orNull(integer, row, "fetched_at"),
    keyId: text(row, "key_id"),
    mac: blob(row, "mac"),
  };
}

export function parseKeyUse(row: Row): KeyUse {
  return { keyId: text(row, "key_id"), used: integer(row, "used") === 1 };
}

export function parseKeyCount(row: Row): KeyCount {
  return {
    keyId: text(row, "key_id"),
    secrets: integer(row, "secrets"),
    policies: integer(row, "policies"),
    bundles: integer(row, "bundles"),
    store: integer(row, "store"),
    deletions: integer(row, "deletions"),
    entries: integer(row, "entries"),
  };
}

/** A state of a version, and the path that it belongs to. */
export function parsePathState(row: Row): { readonly path: string; readonly state: VersionState } {
  return { path: text(row, "path"), state: parseState(row) };
}

export function parsePath(row: Row): string {
  return text(row, "path");
}

/** The single row of an answer that may have none. */
export function one(result: ResultSet): Row | undefined {
  if (result.rows.length > 1) throw rubbish("more than one row");
  return result.rows[0];
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw rubbish(`column ${column} is no integer`);
  return value;
}

/** Up to the year 9999: a clock beyond would leave times behind that nothing can print. */
function time(row: Row, column: string): number {
  const value = integer(row, column);
  if (value < 0 || value > 253_402_300_799_999) throw rubbish(`column ${column} is no time`);
  return value;
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw rubbish(`column ${column} is no text`);
  return value;
}

function blob(row: Row, column: string): Bytes {
  const value = row[column];
  if (!(value instanceof ArrayBuffer)) throw rubbish(`column ${column} is no blob`);
  return new Uint8Array(value);
}

function orNull<T>(read: (row: Row, column: string) => T, row: Row, column: string): T | null {
  return row[column] === null ? null : read(row, column);
}

function rubbish(detail: string): StoreUnavailable {
  return new StoreUnavailable("rubbish", "unknown", detail);
}
