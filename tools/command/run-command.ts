import { CommandError } from "./command-error.ts";

/** Runs a command's main function. Prints a CommandError and sets the exit code; any other error is a crash. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
