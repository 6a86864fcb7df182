import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";

/** A migrated database in its own file, served over HTTP. */
export interface HttpDatabase {
  readonly url: string;
  readonly file: string;
  close(): Promise<void>;
}

/**
 * @param options `busyTimeoutMs`: how long a statement waits for a lock before it fails with SQLITE_BUSY. `authToken`: requests
 *   need it
 */
export async function httpDatabase(
  options: { readonly busyTimeoutMs?: number; readonly authToken?: string } = {},
): Promise<HttpDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-"));
  const file = join(folder, "store.db");
  const server = await startDevDatabase({ file, ...options });
  const { authToken } = options;
  await applyMigrations({ url: server.url, ...(authToken !== undefined && { authToken }) });
  return {
    url: server.url,
    file,
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
