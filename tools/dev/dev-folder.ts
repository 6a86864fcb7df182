import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command/command-error.ts";
import { isCode, replacePrivateFile, UNFINISHED } from "./private-file.ts";

/** Paths in the folder of development files. */
export interface DevFolder {
  readonly dir: string;
  readonly signingKey: string;
  readonly bundle: string;
  readonly superuserToken: string;
  readonly rootKeys: string;
  readonly databaseToken: string;
  readonly database: string;
  readonly replica: string;
  /** The settings of the workers that `npm run dev` starts: an env file. */
  readonly workerSettings: string;
  /** wrangler's own files. The service does not need them. */
  readonly workers: string;
  /** Locked by the command that uses the folder. */
  readonly lock: string;
  /** Describes that command. */
  readonly lockHolder: string;
}

const IGNORE_FILE = ".gitignore";
const LOCK = "lock";
const LOCK_HOLDER = "lock-holder.json";
/** A command that was killed early leaves these without a signing key. */
const WITHOUT_KEY: readonly string[] = [IGNORE_FILE, LOCK, LOCK_HOLDER];

export function devFolder(dir: string): DevFolder {
  return {
    dir,
    signingKey: join(dir, "signing-key.jwk"),
    bundle: join(dir, "bundle.json"),
    superuserToken: join(dir, "superuser.jwt"),
    rootKeys: join(dir, "root-keys"),
    databaseToken: join(dir, "database-token"),
    database: join(dir, "store.db"),
    replica: join(dir, "replica.db"),
    workerSettings: join(dir, "worker.env"),
    workers: join(dir, "workers"),
    lock: join(dir, LOCK),
    lockHolder: join(dir, LOCK_HOLDER),
  };
}

/**
 * Creates the folder if it is missing. Gives it mode 0700, and its files mode 0600.
 *
 * @throws CommandError if it has files but no signing key, because then it is not a folder of development files
 */
export async function prepareDevFolder({ dir, signingKey }: DevFolder): Promise<void> {
  const names = await namesIn(dir);
  const isFresh = names.every((name) => name.startsWith(UNFINISHED) || WITHOUT_KEY.includes(name));
  if (!isFresh && !names.some((name) => join(dir, name) === signingKey)) {
    const message = `Cannot keep development files in "${dir}": it has other files; choose a new folder with --dir`;
    throw new CommandError(message, { exitCode: 1 });
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await makePrivate(dir);
  // With --dir the folder can be anywhere in a repository, and its keys must not be committed.
  await replacePrivateFile(join(dir, IGNORE_FILE), "*\n");
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    if (isCode(error, "ENOTDIR")) {
      throw new CommandError(`Cannot keep development files in "${dir}": it is not a folder`, { exitCode: 1 });
    }
    throw error;
  }
}

async function makePrivate(dir: string): Promise<void> {
  await chmod(dir, 0o700);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    try {
      // Skips links: chmod would follow them out of the folder.
      if (entry.isDirectory()) await makePrivate(path);
      else if (entry.isFile()) await chmod(path, 0o600);
    } catch (error) {
      // Another command may use the folder and replace its files.
      if (!isCode(error, "ENOENT")) throw error;
    }
  }
}
