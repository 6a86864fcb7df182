import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** What is not the project's own, or is made by running it, or holds a developer's settings. */
const LEFT_OUT = /^(?:node_modules|\.git|\.wrangler|dist|reports|\.dev.*|\.env.*)$/;

/**
 * A copy of the project without any state. Packages are links, one by one: a command that removed all packages would remove
 * the links.
 */
export function copyProject(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "spike-edge-copy-"));
  for (const name of readdirSync(PROJECT).filter((each) => !LEFT_OUT.test(each))) {
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(PROJECT, "node_modules"))) {
    symlinkSync(join(PROJECT, "node_modules", name), join(folder, "node_modules", name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
