import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { type Execute, runOn } from "../../src/store/libsql/execute.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";

/** A migrated, empty database in a file, which can be copied and put back. */
export interface RestorableDatabase {
  readonly execute: Execute;
  sql(statement: string): Promise<void>;
  /** Copies the database with `VACUUM INTO`. */
  backUp(name: string): Promise<void>;
  /** Puts the copy into the place of the database. Everything later is lost. */
  restore(name: string): void;
  close(): void;
}

export async function restorableDatabase(): Promise<RestorableDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-restore-"));
  const file = join(folder, "store.db");
  const open = (): Client => createClient({ url: `file:${file}` });
  await applyMigrations({ url: `file:${file}` });
  let client = open();
  return {
    execute: async (statements, mode) => await runOn(client, statements, mode),
    sql: async (statement) => void (await client.execute(statement)),
    backUp: async (name) => void (await client.execute(`VACUUM INTO '${join(folder, name)}'`)),
    restore(name) {
      client.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
      copyFileSync(join(folder, name), file);
      client = open();
    },
    close() {
      client.close();
      rmSync(folder, { recursive: true });
    },
  };
}
