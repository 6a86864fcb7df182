import type { KeyRing } from "../../../src/seal/key-ring.ts";
import type { Snapshot } from "../../../src/store/store.ts";
import { insertSql } from "../../../test/harness/insert-sql.ts";
import { creationOf } from "../../../test/harness/many-secrets.ts";
import type { BulkStatement, BulkWriter } from "./bulk-writer.ts";

/** Secrets sealed concurrently: a Web Crypto call in Node has a high latency. */
const BATCH_SIZE = 2000;

/**
 * Writes secrets with one version each. The rows are authentic, as if each secret had been created by a commit. `snapshot` must be
 * loaded after the first commit of the store.
 */
export async function fillSecrets(
  writer: BulkWriter,
  { ring, snapshot }: { readonly ring: KeyRing; readonly snapshot: Snapshot<object> },
  { count, pathOf }: { readonly count: number; readonly pathOf: (n: number) => string },
): Promise<void> {
  const { store } = snapshot;
  let anchor = snapshot.newest;
  for (let start = 0; start < count; start += BATCH_SIZE) {
    const numbers = Array.from({ length: Math.min(BATCH_SIZE, count - start) }, (_, index) => start + index);
    // All commits of a batch are decided on one snapshot, so their anchor is the last entry of the previous batch.
    const base = store.revision + start;
    const batchSnapshot = { ...snapshot, newest: anchor, store: { ...store, revision: base } };
    const changes = await Promise.all(
      numbers.map(async (n) => await creationOf(createSecret(pathOf(n)), ring, batchSnapshot)),
    );
    const statements: BulkStatement[] = [];
    for (const [index, { audit, secret }] of changes.entries()) {
      if (secret?.kind !== "create") throw new Error("Expected the creation of a secret");
      const revision = base + index + 1;
      statements.push(
        insert("secrets", { ...secret.head, version: revision }),
        insert("secret_versions", { ...secret.versions.insert, path: secret.head.path, revision }),
        insert("audit", { ...audit, revision }),
      );
    }
    await writer.write([...statements, { sql: "UPDATE store SET revision = ?", args: [base + changes.length] }]);
    anchor = changes.at(-1)?.audit.mac ?? anchor;
  }
}

/** The value is a JSON text of 100 characters and the path. Write ids are random, as with most puts. */
function createSecret(path: string) {
  const text = JSON.stringify({ user: "app", password: `${"x".repeat(70)} of ${path}` });
  const writeId = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { path, text, writeId };
}

/** Members have the names of the columns: see {@link insertSql}. */
function insert(table: string, row: object): BulkStatement {
  return { sql: insertSql(table, row), args: Object.values(row) };
}
