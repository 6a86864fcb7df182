import { link, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** How names of files begin that are still being written. */
export const UNFINISHED = ".unfinished-";

/** The file's text, or `undefined` if there is no such file. */
export async function readIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Puts a file of mode 0600 in the place of whatever had this name. Readers see all of the old text or of the new. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await viaUnfinished(path, text, async (unfinished) => await rename(unfinished, path));
}

/** The text of the file, which is made with mode 0600 and the text of `make` if it is missing. All callers get one text. */
export async function readOrMakePrivateFile(path: string, make: () => Promise<string>): Promise<string> {
  const found = await readIfAny(path);
  if (found !== undefined) return found;
  await viaUnfinished(path, await make(), async (unfinished) => {
    // Unlike a rename, it fails if another process was faster: a key that is in use already must not be replaced.
    await link(unfinished, path).catch((error: unknown) => {
      if (!isCode(error, "EEXIST")) throw error;
    });
  });
  return await readFile(path, "utf8");
}

async function viaUnfinished(path: string, text: string, finish: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = join(dirname(path), `${UNFINISHED}${basename(path)}-${crypto.randomUUID()}`);
  try {
    const file = await open(unfinished, "wx", 0o600);
    try {
      // The umask may have taken away even the owner's bits.
      await file.chmod(0o600);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await finish(unfinished);
  } finally {
    await rm(unfinished, { force: true });
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
