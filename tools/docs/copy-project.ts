import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Generated files, packages and local settings. */
const EXCLUDED = /^(?:node_modules|\.git|\.wrangler|dist|reports|\.dev.*|\.env.*)$/;

/**
 * Copies the project without any local state. Each package is a separate link, so that a command which deletes all packages
 * deletes only the links.
 */
export function copyProject(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "spike-edge-copy-"));
  for (const name of readdirSync(PROJECT).filter((each) => !EXCLUDED.test(each))) {
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  }
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(PROJECT, "node_modules"))) {
    symlinkSync(join(PROJECT, "node_modules", name), join(folder, "node_modules", name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
