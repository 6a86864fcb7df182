import Database from "libsql";
import type { KeyRing } from "../../../src/seal/key-ring.ts";
import type { Snapshot } from "../../../src/store/store.ts";
import { insertSql } from "../../../test/harness/insert-sql.ts";
import { creationOf } from "../../../test/harness/many-secrets.ts";

/** Secrets sealed concurrently: a Web Crypto call in Node has a high latency. */
const BATCH_SIZE = 2000;

/**
 * Writes secrets with one version each to a database file that is not being served. The rows are authentic, as if each secret had
 * been created by a commit. `snapshot` must be loaded after the first commit of the store.
 */
export async function fillSecrets(
  file: string,
  { ring, snapshot }: { readonly ring: KeyRing; readonly snapshot: Snapshot<object> },
  { count, pathOf }: { readonly count: number; readonly pathOf: (n: number) => string },
): Promise<void> {
  const { store } = snapshot;
  const database = new Database(file);
  database.exec("PRAGMA synchronous = OFF");
  const [insertHead, insertVersion, insertEntry] = ["secrets", "secret_versions", "audit"].map((table) =>
    rowInserter(database, table),
  );
  let anchor = snapshot.newest;
  for (let start = 0; start < count; start += BATCH_SIZE) {
    const numbers = Array.from({ length: Math.min(BATCH_SIZE, count - start) }, (_, index) => start + index);
    // All commits of a batch are decided on one snapshot, so their anchor is the last entry of the previous batch.
    const base = store.revision + start;
    const batchSnapshot = { ...snapshot, newest: anchor, store: { ...store, revision: base } };
    const changes = await Promise.all(
      numbers.map(async (n) => await creationOf(createSecret(pathOf(n)), ring, batchSnapshot)),
    );
    database.exec("BEGIN");
    for (const [index, { audit, secret }] of changes.entries()) {
      if (secret?.kind !== "create") throw new Error("Expected the creation of a secret");
      const revision = base + index + 1;
      insertHead?.({ ...secret.head, version: revision });
      insertVersion?.({ ...secret.versions.insert, path: secret.head.path, revision });
      insertEntry?.({ ...audit, revision });
    }
    database.prepare("UPDATE store SET revision = ?").run([base + changes.length]);
    database.exec("COMMIT");
    anchor = changes.at(-1)?.audit.mac ?? anchor;
  }
  database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all([]);
  database.close();
}

/** The value is a JSON text of 100 characters and the path. Write ids are random, as with most puts. */
function createSecret(path: string) {
  const text = JSON.stringify({ user: "app", password: `${"x".repeat(70)} of ${path}` });
  const writeId = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { path, text, writeId };
}

/** Returns a function that inserts rows of one shape. Members have the names of the columns: see {@link insertSql}. */
function rowInserter(database: Database.Database, table: string): (row: object) => void {
  let statement: Database.Statement | undefined;
  return (row) => {
    statement ??= database.prepare(insertSql(table, row));
    statement.run(Object.values(row).map(toColumnValue));
  };
}

function toColumnValue(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
