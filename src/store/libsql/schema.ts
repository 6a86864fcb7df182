import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes, flag, time } from "./column-types.ts";

/** One row, which orders all commits. docs/stored-data.md describes every column of every table. */
export const store = sqliteTable(
  "store",
  {
    id: integer("id").primaryKey(),
    storeId: text("store_id").notNull(),
    revision: integer("revision").notNull(),
    epoch: integer("epoch").notNull(),
    schemaVersion: integer("schema_version").notNull(),
    auditFloor: integer("audit_floor").notNull(),
    authority: bytes("authority").notNull(),
    generation: text("generation").notNull(),
    acknowledged: integer("acknowledged").notNull(),
    keyId: text("key_id"),
    mac: bytes("mac"),
  },
  (table) => [check("store_is_one_row", sql`${table.id} = 1`)],
);

export const keys = sqliteTable("keys", {
  keyId: text("key_id").primaryKey(),
  checkValue: bytes("check_value").notNull(),
  createdAt: time("created_at").notNull(),
});

export const secrets = sqliteTable(
  "secrets",
  {
    path: text("path").primaryKey(),
    version: integer("version").notNull(),
    writeId: text("write_id").notNull(),
    born: text("born").notNull(),
    seq: integer("seq").notNull(),
    base: integer("base").notNull(),
    epoch: integer("epoch").notNull(),
    latest: integer("latest").notNull(),
    current: integer("current").notNull(),
    currentWriteId: text("current_write_id"),
    currentUntil: time("current_until"),
    oldest: integer("oldest").notNull(),
    maxVersions: integer("max_versions").notNull(),
    keptVersions: integer("kept_versions").notNull(),
    casRequired: flag("cas_required").notNull(),
    metadataCasRequired: flag("metadata_cas_required").notNull(),
    metadataVersion: integer("metadata_version").notNull(),
    metadataAt: time("metadata_at").notNull(),
    deleteAfter: integer("delete_after").notNull(),
    custom: bytes("custom"),
    history: bytes("history").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
    writtenAt: time("written_at").notNull(),
    wrappedKey: bytes("wrapped_key").notNull(),
    keyId: text("key_id").notNull(),
    mac: bytes("mac").notNull(),
  },
  // Finds the rows that still depend on a key before that key is removed.
  (table) => [index("secrets_by_key_and_path").on(table.keyId, table.path)],
);

export const secretVersions = sqliteTable(
  "secret_versions",
  {
    path: text("path").notNull(),
    number: integer("number").notNull(),
    revision: integer("revision").notNull(),
    writeId: text("write_id").notNull(),
    createdAt: time("created_at").notNull(),
    deletedAt: time("deleted_at"),
    destroyedAt: time("destroyed_at"),
    // The last column, so that reading the states of many versions never walks the overflow pages of their values.
    sealed: bytes("sealed"),
  },
  (table) => [primaryKey({ columns: [table.path, table.number] })],
);

export const policies = sqliteTable(
  "policies",
  {
    name: text("name").primaryKey(),
    version: integer("version").notNull(),
    writeId: text("write_id").notNull(),
    base: integer("base").notNull(),
    epoch: integer("epoch").notNull(),
    slot: integer("slot").notNull(),
    idTag: bytes("id_tag").notNull(),
    pathTag: bytes("path_tag").notNull(),
    sealed: bytes("sealed").notNull(),
    keyId: text("key_id").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    index("policies_by_tags").on(table.pathTag, table.idTag),
    index("policies_by_id_tag").on(table.idTag),
    index("policies_by_key_and_name").on(table.keyId, table.name),
  ],
);

export const trustBundles = sqliteTable("trust_bundles", {
  trustDomain: text("trust_domain").primaryKey(),
  version: integer("version").notNull(),
  writeId: text("write_id").notNull(),
  base: integer("base").notNull(),
  epoch: integer("epoch").notNull(),
  slot: integer("slot").notNull(),
  bundle: text("bundle").notNull(),
  /** Decimal text: the standard allows 64 bits and more, SQLite and JavaScript numbers do not. */
  sequence: text("sequence"),
  endpointUrl: text("endpoint_url"),
  endpointProfile: text("endpoint_profile"),
  refreshHint: integer("refresh_hint"),
  fetchedAt: time("fetched_at"),
  keyId: text("key_id").notNull(),
  mac: bytes("mac").notNull(),
});

/** Nodes of the authority trie: see `src/commit/authority`. */
export const authority = sqliteTable("authority", {
  id: integer("id").primaryKey(),
  content: bytes("content").notNull(),
});

/** One row, outside revision and audit: the newest proof that some worker saw the primary. See `HeartbeatRow`. */
export const heartbeat = sqliteTable(
  "heartbeat",
  {
    id: integer("id").primaryKey(),
    /** By a worker's clock. */
    at: time("at").notNull(),
    revision: integer("revision").notNull(),
    epoch: integer("epoch").notNull(),
    entryMac: bytes("entry_mac").notNull(),
    storeMac: bytes("store_mac").notNull(),
    keyId: text("key_id").notNull(),
    mac: bytes("mac").notNull(),
  },
  (table) => [check("heartbeat_is_one_row", sql`${table.id} = 1`)],
);

export const audit = sqliteTable(
  "audit",
  {
    revision: integer("revision").primaryKey(),
    writeId: text("write_id").notNull().unique("audit_write_id"),
    request: bytes("request").notNull(),
    at: time("at").notNull(),
    workerAt: time("worker_at").notNull(),
    spiffeId: text("spiffe_id").notNull(),
    action: text("action").notNull(),
    resource: text("resource").notNull(),
    seq: integer("seq").notNull(),
    prev: bytes("prev"),
    base: integer("base").notNull(),
    anchor: bytes("anchor"),
    epoch: integer("epoch").notNull(),
    state: bytes("state"),
    leadsTo: text("leads_to"),
    outcome: text("outcome").notNull(),
    traceId: text("trace_id").notNull(),
    keyId: text("key_id").notNull(),
    mac: bytes("mac").notNull(),
  },
  (table) => [
    index("audit_by_resource").on(table.resource, table.revision),
    index("audit_by_key").on(table.keyId),
    // Few entries raise the epoch.
    index("audit_by_raised_epoch")
      .on(table.epoch)
      .where(sql`leads_to is not null`),
  ],
);
