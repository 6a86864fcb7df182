import Database from "libsql";
import type { KeyRing } from "../../../src/seal/key-ring.ts";
import type { Snapshot } from "../../../src/store/store.ts";
import { creationOf } from "../../../test/harness/many-secrets.ts";
import { insertInto } from "./insert-into.ts";

/** Sealed side by side: Node answers each call to its Web Crypto late. */
const AT_A_TIME = 2000;

/** The JSON text of secret `path`, as its one version has it: 100 characters and the path. */
function valueOf(path: string): string {
  return JSON.stringify({ user: "app", password: `${"x".repeat(70)} of ${path}` });
}

/**
 * Puts secrets of one version each into a file that nobody serves, as so many commits would have left them: every row is
 * authentic, none is filler. The rest of the store is as `snapshot` has it, which has to be of after the first commit.
 */
export async function fillSecrets(
  file: string,
  at: { readonly ring: KeyRing; readonly snapshot: Snapshot<object> },
  paths: { readonly count: number; readonly pathOf: (n: number) => string },
): Promise<void> {
  const { ring, snapshot } = at;
  const { store } = snapshot;
  const database = new Database(file);
  database.exec("PRAGMA synchronous = OFF");
  const [head, version, entry] = ["secrets", "secret_versions", "audit"].map((table) => insertInto(database, table));
  let anchor = snapshot.newest;
  for (let start = 0; start < paths.count; start += AT_A_TIME) {
    const numbers = Array.from({ length: Math.min(AT_A_TIME, paths.count - start) }, (_, index) => start + index);
    // Entries vouch for the one at their `base`, which is the last of the batch before: as if all had been decided at once.
    const base = store.revision + start;
    const seen = { ...snapshot, newest: anchor, store: { ...store, revision: base } };
    const changes = await Promise.all(
      numbers.map(async (n) => await creationOf(secretOf(paths.pathOf(n)), ring, seen)),
    );
    database.exec("BEGIN");
    for (const [index, { audit, secret }] of changes.entries()) {
      if (secret?.kind !== "create") throw new Error("a creation creates");
      const revision = base + index + 1;
      head?.({ ...secret.head, version: revision });
      version?.({ ...secret.versions.insert, path: secret.head.path, revision });
      entry?.({ ...audit, revision });
    }
    database.prepare("UPDATE store SET revision = ?").run([base + changes.length]);
    database.exec("COMMIT");
    anchor = changes.at(-1)?.audit.mac ?? anchor;
  }
  database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all([]);
  database.close();
}

/** Its write id is random, as those of most puts are. */
function secretOf(path: string) {
  const writeId = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { path, text: valueOf(path), writeId };
}
