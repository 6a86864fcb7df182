import { startFollower } from "../dev-database/follower/start-follower.ts";
import { startDevDatabase } from "../dev-database/server.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { REPLICA_DELAY_MS } from "./options.ts";
import type { PreparedDev } from "./prepare.ts";

/** Runs the development database, with its migrations applied, and its replica, until `use` is settled. @throws CommandError */
export async function withDatabase(prepared: PreparedDev, use: () => Promise<void>): Promise<void> {
  const { folder, databasePort, replicaPort, databaseToken: authToken } = prepared;
  const followers = replicaPort !== undefined;
  const database = await startDevDatabase({ file: folder.database, port: databasePort, authToken, followers });
  try {
    await applyMigrations({ url: database.url, authToken });
    await (replicaPort === undefined ? use() : withReplica(prepared, { url: database.url, port: replicaPort }, use));
  } finally {
    await database.close();
  }
}

async function withReplica(
  { folder, databaseToken: authToken }: PreparedDev,
  { url, port }: { readonly url: string; readonly port: number },
  use: () => Promise<void>,
): Promise<void> {
  const replica = await startFollower({
    primaryUrl: url,
    file: folder.replica,
    port,
    authToken,
    delayMs: REPLICA_DELAY_MS,
  });
  try {
    await use();
  } finally {
    await replica.close();
  }
}
