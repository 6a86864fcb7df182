import { startFollower } from "../dev-database/follower/start-follower.ts";
import { startDevDatabase } from "../dev-database/server.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { REPLICA_DELAY_MS } from "./options.ts";
import type { PreparedDev } from "./prepare.ts";
import { readStore } from "./read-store.ts";
import { replicaSettings } from "./worker-settings.ts";

/** Gets the settings of the workers. */
type Use = (settings: Readonly<Record<string, string>>) => Promise<void>;

/** Runs the development database, with its migrations applied, and its replica, until `use` is settled. @throws CommandError */
export async function withDatabase(prepared: PreparedDev, use: Use): Promise<void> {
  const { folder, databasePort, replicaPort, databaseToken: authToken, settings } = prepared;
  const followers = replicaPort !== undefined;
  const database = await startDevDatabase({ file: folder.database, port: databasePort, authToken, followers });
  try {
    await applyMigrations({ url: database.url, authToken });
    await (replicaPort === undefined ? use(settings) : withReplica(prepared, database.url, use));
  } finally {
    await database.close();
  }
}

async function withReplica(
  { folder, replicaPort: port, databaseToken: authToken, settings }: PreparedDev,
  primaryUrl: string,
  use: Use,
): Promise<void> {
  const storeId = String(await readStore({ url: primaryUrl, authToken }, "store_id"));
  const replica = await startFollower({
    primaryUrl,
    file: folder.replica,
    port,
    authToken,
    delayMs: REPLICA_DELAY_MS,
  });
  try {
    await use({ ...settings, ...replicaSettings(replica.url, storeId) });
  } finally {
    await replica.close();
  }
}
