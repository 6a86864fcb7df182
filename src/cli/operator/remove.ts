import { callNexus, type Connection } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

/**
 * `spike operator remove PATH`: removes a secret with all its versions, even if it does not verify. Nothing can restore it, so
 * the user has to type the path again.
 */
export async function remove(io: CliIo, path: string, options: Connection & { readonly yes?: boolean }): Promise<void> {
  const action = `remove secret "${path}"`;
  if (options.yes !== true) {
    const question = `This removes "${path}" with all its versions and cannot be undone. Type the path again to confirm`;
    const typed = await io.terminal?.promptText(question);
    if (typed !== path) {
      throw new CliError(`Cannot ${action}: not confirmed. Nothing was changed; --yes skips the question.`);
    }
  }
  const request = { action, target: "store/secrets?action=remove", body: { path } };
  const { revision, warnings } = await callNexus(io, options, request);
  io.log(`Removed secret "${path}" with all its versions, at revision ${String(revision)}.`);
  if (Array.isArray(warnings)) for (const warning of warnings) io.log(String(warning));
}
