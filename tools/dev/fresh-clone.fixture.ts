import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A folder as `git clone` and `npm ci` leave it, if everything were committed: files that git ignores are missing, and
 * packages are links.
 */
export async function freshClone(): Promise<string> {
  const folder = realpathSync(temporaryFolder());
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: PROJECT, maxBuffer: 2 ** 26 });
  // A deleted file is listed until the deletion is staged.
  const files = stdout.split("\0").filter((name) => name !== "" && existsSync(join(PROJECT, name)));
  for (const file of files) cpSync(join(PROJECT, file), join(folder, file));
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(PROJECT, "node_modules"))) {
    symlinkSync(join(PROJECT, "node_modules", name), join(folder, "node_modules", name));
  }
  return folder;
}
