import { CommandError } from "../command/command-error.ts";
import { formatEnvFile } from "./env-file.ts";
import { readIfAny, replacePrivateFile } from "./private-file.ts";

/** The first line of a file that `writeDevVars` wrote and may replace. */
const HEADER = '# Written by "npm run dev:database", which replaces this file. Development secrets: do not commit it.';

/**
 * Writes the settings for a plain `wrangler dev` into `.dev.vars`, with mode 0600. Replaces only a file of its own.
 *
 * @throws CommandError with exit code 1 if the developer has a `.dev.vars` of their own
 */
export async function writeDevVars(file: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const found = await readIfAny(file);
  if (found !== undefined && !isOwn(found)) {
    const message = `Cannot write "${file}": it exists and was not written by this command; rename or delete it first`;
    throw new CommandError(message, { exitCode: 1 });
  }
  await replacePrivateFile(file, `${HEADER}\n${formatEnvFile(settings)}`);
}

function isOwn(text: string): boolean {
  return text.split("\n", 1)[0] === HEADER;
}
