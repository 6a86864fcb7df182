import { runCommand } from "../command/run-command.ts";
import { stopSignal } from "./stop-signal.ts";

interface ForegroundCommand<Options> {
  readonly usage: string;
  readonly readOptions: (args: readonly string[], env: NodeJS.ProcessEnv) => Options | "help";
  readonly run: (options: Options, stop: AbortSignal) => Promise<void>;
}

/** The main function of a command that stays in the foreground until Ctrl-C. Ends the process. */
export async function runUntilStopped<Options>({
  usage,
  readOptions,
  run,
}: ForegroundCommand<Options>): Promise<never> {
  await runCommand(async () => {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === "help") {
      console.log(usage);
      return;
    }
    // The database, its journal and the workers' files are private.
    process.umask(0o077);
    await run(options, stopSignal(process.env));
  });
  // An open handle, such as a keep-alive connection, must not delay Ctrl-C.
  process.exit();
}
