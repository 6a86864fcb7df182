import { startDevDatabase } from "../dev-database/server.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import type { PreparedDev } from "./prepare.ts";

/** Runs the development database, with its migrations applied, until `use` is settled. @throws CommandError */
export async function withDatabase(
  { folder, databasePort, databaseToken: authToken }: PreparedDev,
  use: () => Promise<void>,
): Promise<void> {
  const database = await startDevDatabase({ file: folder.database, port: databasePort, authToken });
  try {
    await applyMigrations({ url: database.url, authToken });
    await use();
  } finally {
    await database.close();
  }
}
