import { runCommand } from "./command/run-command.ts";
import { applyMigrations } from "./migrate/apply-migrations.ts";
import { readDatabaseAddress } from "./migrate/database-address.ts";
import { parseCommandLine } from "./command/parse-command-line.ts";

const USAGE = `Usage: npm run migrate

Applies the missing migrations to the database at LIBSQL_URL. LIBSQL_AUTH_TOKEN is its token, if it needs one.`;

await runCommand(async () => {
  if (parseCommandLine(process.argv.slice(2), {}) === "help") {
    console.log(USAGE);
    return;
  }
  const address = readDatabaseAddress(process.env);
  const applied = await applyMigrations(address);
  const { protocol, host } = new URL(address.url);
  console.log(`${protocol}//${host}: ${applied === 0 ? "up to date" : `applied ${applied} ${plural(applied)}`}`);
});

function plural(count: number): string {
  return count === 1 ? "migration" : "migrations";
}
