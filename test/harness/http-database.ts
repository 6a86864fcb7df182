import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";
import { dumpDatabase } from "./dump-database.ts";
import { leaseDatabase } from "./test-databases.ts";

/** A migrated, empty database, served over HTTP. */
export interface HttpDatabase {
  readonly url: string;
  /** What a holder of the database sees, by file name. */
  contents(): Promise<ReadonlyMap<string, Buffer>>;
  close(): Promise<void>;
}

/** Options of the development server. */
interface DevOptions {
  /** How long a statement waits for a lock before it fails with SQLITE_BUSY. */
  readonly busyTimeoutMs?: number;
  /** Requests need this token. */
  readonly authToken?: string;
}

/**
 * The development server over a file of its own, or an external database. With `authToken` always the former: the test is about wrong
 * tokens, and external databases are reached through a gateway that adds the right one.
 */
export async function httpDatabase(options: DevOptions = {}): Promise<HttpDatabase> {
  const leased = options.authToken === undefined ? await leaseDatabase() : undefined;
  if (leased === undefined) return await devDatabase(options);
  return {
    ...leased,
    async contents() {
      const client = createClient({ url: leased.url });
      try {
        return new Map([["dump", await dumpDatabase(client)]]);
      } finally {
        client.close();
      }
    },
  };
}

async function devDatabase(options: DevOptions): Promise<HttpDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-"));
  const server = await startDevDatabase({ file: join(folder, "store.db"), ...options });
  const { authToken } = options;
  await applyMigrations({ url: server.url, authToken });
  return {
    url: server.url,
    async contents() {
      const names = await Promise.resolve(readdirSync(folder));
      return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
