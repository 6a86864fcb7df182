import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import { migrationFailure } from "./migration-failure.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
/** Drizzle's table of applied migrations. */
const RECORD = "__drizzle_migrations";

/**
 * Applies the missing migrations and returns their number.
 *
 * @throws CommandError with exit code 1
 */
export async function applyMigrations({
  url,
  authToken,
}: {
  readonly url: string;
  readonly authToken?: string | undefined;
}): Promise<number> {
  const client = createClient(authToken === undefined ? { url } : { url, authToken });
  try {
    const before = await countApplied(client);
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
    return (await countApplied(client)) - before;
  } catch (error) {
    throw migrationFailure(url, error);
  } finally {
    client.close();
  }
}

async function countApplied(client: Client): Promise<number> {
  const found = await client.execute({ sql: "SELECT 1 FROM sqlite_master WHERE name = ?", args: [RECORD] });
  if (found.rows.length === 0) return 0;
  const counted = await client.execute(`SELECT count(*) AS applied FROM ${RECORD}`);
  return Number(counted.rows[0]?.["applied"]);
}
