import { Command } from "commander";
import type { Connection } from "./call-nexus.ts";
import type { CliIo } from "./cli-io.ts";
import { acknowledge } from "./operator/acknowledge.ts";
import { rebuildAuthority, rebuildStore } from "./operator/rebuild.ts";
import { recover } from "./operator/recover.ts";
import { register } from "./operator/register.ts";
import { remove } from "./operator/remove.ts";
import { restore, type RestoreOptions } from "./operator/restore.ts";
import { restored, type RestoredOptions } from "./operator/restored.ts";
import { rewrap } from "./operator/rewrap.ts";
import { status } from "./operator/status.ts";
import { verify } from "./operator/verify.ts";

/** The command line: `spike NOUN VERB`. */
export function createProgram(io: CliIo): Command {
  const program = new Command("spike").description("Operates a SPIKE Edge service.");
  program.configureOutput({
    writeOut: (text) => io.print(text.trimEnd()),
    writeErr: (text) => io.log(text.trimEnd()),
  });
  program.exitOverride();
  const operator = program
    .command("operator")
    .description("rotate, back up and restore root keys; verify and repair what is stored");
  addServiceCommands(operator, io);
  addRepairCommands(operator, io);
  operator
    .command("restore [files...]")
    .description(
      "reconstruct the root key from shares, verify it and install it in the worker; reads the shares from files, standard input or prompts",
    )
    .option("--threshold <n>", "number of shares required (SPIKE_NEXUS_SHAMIR_THRESHOLD)")
    .option("--check <id:value>", "verify against this check value instead of the database at LIBSQL_URL", collect)
    .option("--print", "print the key instead of installing it")
    .option("--force", "restore even if some rows still use other keys")
    .option("--yes", "do not ask for confirmation")
    .option(
      "--wrangler <argument>",
      "passed to `wrangler secret put`, such as --wrangler=--name=edge (default: --env=production)",
      collect,
    )
    .action(
      async (files: readonly string[], options: Omit<RestoreOptions, "wrangler"> & { wrangler?: string[] }) =>
        await restore(io, files, { ...options, wrangler: options.wrangler ?? ["--env=production"] }),
    );
  return program;
}

/** A command that calls the service. */
function serviceCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option("--url <url>", "URL of the service (SPIKE_NEXUS_API_URL)")
    .option("--token-file <file>", "file that contains your JWT-SVID (SPIKE_TOKEN_FILE)");
}

const YES = ["--yes", "do not ask for confirmation"] as const;

/** Adds the commands that verify and repair what is stored. */
function addRepairCommands(operator: Command, io: CliIo): void {
  serviceCommand(operator, "verify", "verify the audit and all rows, and print what to do about each problem").action(
    async (options: Connection) => await verify(io, options),
  );
  serviceCommand(operator, "acknowledge", "record that you know about lost audit entries, so that pruning can go on")
    .option(...YES)
    .action(async (options: Connection & { yes?: boolean }) => await acknowledge(io, options));
  const rebuild = operator.command("rebuild").description("rebuild what proves that rows are current");
  serviceCommand(rebuild, "store", "rebuild a damaged store row from the audit")
    .option(...YES)
    .action(async (options: Connection & { yes?: boolean }) => await rebuildStore(io, options));
  serviceCommand(
    rebuild,
    "authority",
    "trust the policies and trust bundles that the database shows now; compare the list",
  )
    .option(...YES)
    .action(async (options: Connection & { yes?: boolean }) => await rebuildAuthority(io, options));
  serviceCommand(operator, "restored", "start a new generation, after the database was restored from a backup")
    .option("--beyond <revision>", "the highest revision that anyone has seen; later revisions are above it")
    .option("--bookmark <text>", "the newest bookmark of a client, which contains such a revision")
    .option(...YES)
    .action(async (options: RestoredOptions) => await restored(io, options));
}

/** Adds the commands that call the service. */
function addServiceCommands(operator: Command, io: CliIo): void {
  const command = (name: string, description: string): Command => serviceCommand(operator, name, description);
  command("status", "show the id of the store, and which rows depend on which root key")
    .option("--json", "print the response unchanged")
    .action(async (options: Connection & { json?: boolean }) => await status(io, options));
  command("register <keyId>", "write new rows under this key; it must be first in SPIKE_ROOT_KEYS").action(
    async (keyId: string, options: Connection) => await register(io, keyId, options),
  );
  command("rewrap", "move all rows to the first key while the service keeps running").action(
    async (options: Connection) => await rewrap(io, options),
  );
  command("remove <path>", "remove a secret with all its versions, even if it does not verify; cannot be undone")
    .option(...YES)
    .action(async (path: string, options: Connection & { yes?: boolean }) => await remove(io, path, options));
  command("recover", "write the shares of the root key to files; requires the recover role")
    .option("--dir <folder>", "output folder (SPIKE_PILOT_RECOVERY_DIR/recover, default ~/.spike/recover)")
    .action(async (options: Connection & { dir?: string }) => await recover(io, options));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
