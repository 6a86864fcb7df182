import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, LibsqlError } from "@libsql/client";
import type { Execute } from "../../src/store/libsql/execute.ts";
import type { Bound } from "../../src/store/libsql/statement.ts";
import { isPassing, safeCode, toUnavailable } from "../../src/store/libsql/to-unavailable.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";

/** A migrated database in a file of its own, opened by the embedded client. */
export interface FileDatabase {
  readonly file: string;
  readonly client: Client;
  readonly execute: Execute;
  close(): void;
}

/** A statement as the driver takes it. */
export function inStatement({ escaped, args }: Bound): { readonly sql: string; readonly args: Bound["args"] } {
  return { sql: String(JSON.parse(`"${escaped}"`)), args };
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
        return await client.batch(statements.map(inStatement), mode);
      } catch (error) {
        if (error instanceof LibsqlError) {
          throw new StoreUnavailable(isPassing(error.code) ? "busy" : "rejected", "none", safeCode(error.code));
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
