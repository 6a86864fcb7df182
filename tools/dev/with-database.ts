import { startFollower } from "../dev-database/follower/start-follower.ts";
import { startDevDatabase } from "../dev-database/server.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { REPLICA_DELAY_MS } from "./options.ts";
import type { PreparedDev } from "./prepare.ts";

/** Runs the development database, with its migrations applied, and its replica, until `use` is settled. @throws CommandError */
export async function withDatabase(
  { folder, databasePort, replicaPort, databaseToken: authToken }: PreparedDev,
  use: () => Promise<void>,
): Promise<void> {
  const followers = replicaPort !== undefined;
  const database = await startDevDatabase({ file: folder.database, port: databasePort, authToken, followers });
  try {
    await applyMigrations({ url: database.url, authToken });
    if (replicaPort === undefined) return await use();
    const replica = { file: folder.replica, port: replicaPort, delayMs: REPLICA_DELAY_MS };
    const follower = await startFollower({ ...replica, primaryUrl: database.url, authToken });
    await use().finally(async () => await follower.close());
  } finally {
    await database.close();
  }
}
