import { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { processIo } from "./process-io.ts";
import { createProgram } from "./program.ts";

try {
  await createProgram(processIo()).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    throw error;
  }
}
