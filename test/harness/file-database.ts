import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, LibsqlError } from "@libsql/client";
import { meaningOfCode } from "../../src/store/libsql/error-meaning.ts";
import { type Execute, runOn } from "../../src/store/libsql/execute.ts";
import { remoteExecute } from "../../src/store/libsql/remote-execute.ts";
import { safeCode, toDetail, toUnavailable } from "../../src/store/libsql/to-unavailable.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";
import { dumpDatabase } from "./dump-database.ts";
import { type LeasedDatabase, leaseDatabase } from "./test-databases.ts";

/** A migrated, empty database. */
export interface FileDatabase {
  readonly client: Client;
  readonly execute: Execute;
  /** What a holder of the database sees, by file name. `checkpointed`: after the write-ahead log was moved into the file. */
  contents(options: { readonly checkpointed: boolean }): Promise<ReadonlyMap<string, Buffer>>;
  close(): void;
}

/** A database in its own file, opened by the embedded client; or an external database. */
export async function fileDatabase(): Promise<FileDatabase> {
  const leased = await leaseDatabase();
  return leased === undefined ? await embeddedDatabase() : remoteDatabase(leased);
}

function remoteDatabase(leased: LeasedDatabase): FileDatabase {
  const client = createClient({ url: leased.url });
  return {
    client,
    execute: remoteExecute({ url: leased.url }, async (request, init) => await fetch(request, init)),
    contents: async () => new Map([["dump", await dumpDatabase(client)]]),
    close() {
      client.close();
      void leased.close();
    },
  };
}

async function embeddedDatabase(): Promise<FileDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-"));
  const file = join(folder, "store.db");
  const client = createClient({ url: `file:${file}` });
  await client.execute("PRAGMA journal_mode=WAL");
  await applyMigrations({ url: `file:${file}` });
  return {
    client,
    async execute(statements, mode, signal) {
      try {
        signal.throwIfAborted();
        return await runOn(client, statements, mode);
      } catch (error) {
        // The engine is in this process: its errors leave no doubt about the outcome.
        if (error instanceof LibsqlError) {
          const meaning = meaningOfCode(error.code, error.message, { isLoad: mode === "read" });
          throw new StoreUnavailable(meaning.reason, "none", toDetail(safeCode(error.code), meaning));
        }
        throw toUnavailable(error, mode, signal);
      }
    },
    async contents({ checkpointed }) {
      if (checkpointed) await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
      return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
    },
    close() {
      client.close();
      rmSync(folder, { recursive: true });
    },
  };
}
