import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, LibsqlError } from "@libsql/client";
import { meaningOfCode } from "../../src/store/libsql/error-meaning.ts";
import { type Execute, runOn } from "../../src/store/libsql/execute.ts";
import { safeCode, toDetail, toUnavailable } from "../../src/store/libsql/to-unavailable.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";

/** A migrated database in its own file, opened by the embedded client. */
export interface FileDatabase {
  readonly file: string;
  readonly client: Client;
  readonly execute: Execute;
  close(): void;
}

export async function fileDatabase(): Promise<FileDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-"));
  const file = join(folder, "store.db");
  const client = createClient({ url: `file:${file}` });
  await client.execute("PRAGMA journal_mode=WAL");
  await applyMigrations({ url: `file:${file}` });
  return {
    file,
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
    close() {
      client.close();
      rmSync(folder, { recursive: true });
    },
  };
}
