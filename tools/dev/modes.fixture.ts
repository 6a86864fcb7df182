import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The distinct permissions of a folder and its contents, in octal. */
export function modesIn(dir: string): { readonly folders: readonly string[]; readonly files: readonly string[] } {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  const paths = entries.map((entry) => ({ path: join(entry.parentPath, entry.name), isFolder: entry.isDirectory() }));
  const modes = (wanted: boolean): string[] =>
    [{ path: dir, isFolder: true }, ...paths]
      .filter(({ isFolder }) => isFolder === wanted)
      .map(({ path }) => (statSync(path).mode & 0o777).toString(8));
  return { folders: [...new Set(modes(true))], files: [...new Set(modes(false))] };
}
