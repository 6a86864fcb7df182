import { link, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Prefix of files that are still being written. */
export const UNFINISHED = ".unfinished-";

/** The text of the file, or `undefined` if it does not exist. */
export async function readIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Atomically replaces a file. The new one has mode 0600. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await viaUnfinished(path, text, async (unfinished) => await rename(unfinished, path));
}

/** Reads a file, or creates it with mode 0600 and the text from `create`. Concurrent callers get the same text. */
export async function readOrCreatePrivateFile(path: string, create: () => Promise<string>): Promise<string> {
  const found = await readIfAny(path);
  if (found !== undefined) return found;
  await viaUnfinished(path, await create(), async (unfinished) => {
    // Unlike a rename, a link fails if another process was faster: that key is already in use and must stay.
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
      // The umask can remove even the owner's permissions.
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
