import { Command } from "commander";
import { recover } from "./operator/recover.ts";
import { register } from "./operator/register.ts";
import { restore, type RestoreOptions } from "./operator/restore.ts";
import { rewrap } from "./operator/rewrap.ts";
import { status } from "./operator/status.ts";
import type { Connection } from "./nexus.ts";
import type { Surroundings } from "./surroundings.ts";

/** The command line: `spike NOUN VERB`. */
export function spikeProgram(surroundings: Surroundings): Command {
  const program = new Command("spike").description("Operates a SPIKE Edge service.");
  program.configureOutput({
    writeOut: (text) => surroundings.print(text.trimEnd()),
    writeErr: (text) => surroundings.tell(text.trimEnd()),
  });
  program.exitOverride();
  const operator = program.command("operator").description("root keys: rotating, dealing out, restoring");
  const connected = (name: string, description: string): Command =>
    operator
      .command(name)
      .description(description)
      .option("--url <url>", "the service (SPIKE_NEXUS_API_URL)")
      .option("--token-file <file>", "file with your JWT-SVID (SPIKE_TOKEN_FILE)");
  connected("status", "what depends on which root key")
    .option("--json", "the service's answer as it is")
    .action(async (options: Connection & { json?: boolean }) => await status(surroundings, options));
  connected("register <keyId>", "write under this key from now on; it has to be first in SPIKE_ROOT_KEYS").action(
    async (keyId: string, options: Connection) => await register(surroundings, keyId, options),
  );
  connected("rewrap", "put all rows under the first key, beside all other traffic").action(
    async (options: Connection) => await rewrap(surroundings, options),
  );
  connected("recover", "write the shares of the root key into files; needs the recover role")
    .option("--dir <folder>", "where to (SPIKE_PILOT_RECOVERY_DIR, ~/.spike, and recover below)")
    .action(async (options: Connection & { dir?: string }) => await recover(surroundings, options));
  operator
    .command("restore [files...]")
    .description(
      "put the root key together from shares: files, standard input, or asked for; check it, and give it to the worker",
    )
    .option("--threshold <n>", "shares that it takes (SPIKE_NEXUS_SHAMIR_THRESHOLD)")
    .option("--check <id:value>", "a check value, instead of those in the database at LIBSQL_URL", collect)
    .option("--print", "print the key instead of giving it to the worker")
    .option("--force", "although rows need other keys too")
    .option("--yes", "without asking")
    .option(
      "--wrangler <argument>",
      "passed on to `wrangler secret put`, such as --wrangler=--name=edge; --env=production if not given",
      collect,
    )
    .action(
      async (files: readonly string[], options: Omit<RestoreOptions, "wrangler"> & { wrangler?: string[] }) =>
        await restore(surroundings, files, { ...options, wrangler: options.wrangler ?? ["--env=production"] }),
    );
  return program;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
