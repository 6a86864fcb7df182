import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { startDevDatabase } from "../../tools/dev-database/server.ts";

/** A migrated database behind HTTP, in a file of its own. */
export interface HttpDatabase {
  readonly url: string;
  readonly file: string;
  close(): Promise<void>;
}

const MIGRATIONS = new URL("../../migrations", import.meta.url).pathname;

export async function httpDatabase(): Promise<HttpDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-"));
  const file = join(folder, "store.db");
  const server = await startDevDatabase({ file });
  const client = createClient({ url: server.url });
  await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  client.close();
  return {
    url: server.url,
    file,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
