import { databaseWarnings, readDatabase } from "../src/runtime/database.ts";
import { unknownSettings } from "../src/runtime/unknown-settings.ts";
import { usageError } from "./command/command-error.ts";
import { runCommand } from "./command/run-command.ts";
import { applyMigrations } from "./migrate/apply-migrations.ts";
import { parseCommandLine } from "./command/parse-command-line.ts";

const USAGE = `Usage: npm run migrate

Applies the missing migrations to the database at LIBSQL_URL. LIBSQL_AUTH_TOKEN is its token, if it needs one. A token is
sent in plain text to another machine only if LIBSQL_ALLOW_PLAINTEXT is 1.`;

await runCommand(async () => {
  if (parseCommandLine(process.argv.slice(2), {}) === "help") {
    console.log(USAGE);
    return;
  }
  // Other programs' settings may be in this environment too.
  const libsqlEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("LIBSQL_")));
  const warnings = [...unknownSettings(libsqlEnv)];
  const database = readDatabase(libsqlEnv);
  if (database.ok) warnings.push(...databaseWarnings(database.value));
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
  if (!database.ok) throw usageError(`Cannot migrate: ${database.problems.join("; ")}`);
  const applied = await applyMigrations(database.value);
  const { protocol, host } = new URL(database.value.url);
  console.log(`${protocol}//${host}: ${applied === 0 ? "up to date" : `applied ${applied} ${plural(applied)}`}`);
});

function plural(count: number): string {
  return count === 1 ? "migration" : "migrations";
}
