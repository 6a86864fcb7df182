import { existsSync } from "node:fs";
import { parseRootKeys } from "../../src/seal/root-key.ts";
import { CommandError } from "../command/command-error.ts";
import type { DevFolder } from "./dev-folder.ts";
import { readOrMakePrivateFile } from "./private-file.ts";

/** What the service must be told in secret. */
export interface DevSecrets {
  /** `SPIKE_ROOT_KEYS` */
  readonly rootKeys: string;
  /** `LIBSQL_AUTH_TOKEN` */
  readonly databaseToken: string;
}

/** Reads both secrets, which are made on the first run. @throws CommandError with exit code 1 */
export async function establishSecrets(folder: DevFolder): Promise<DevSecrets> {
  const { rootKeys, databaseToken, database } = folder;
  const keys = await readOrMakePrivateFile(rootKeys, async () => {
    // A new key could not open what is in the database, and every read of it would fail.
    if (existsSync(database)) {
      throw broken(rootKeys, `there is no such file, and only its key opens "${database}"; restore it, or delete both`);
    }
    return `${drawRootKey("dev")}\n`;
  });
  const parsed = parseRootKeys(keys.trim());
  if (!parsed.ok) throw broken(rootKeys, `as a list of root keys it ${parsed.problem}; restore it`);
  const token = await readOrMakePrivateFile(databaseToken, async () => `${randomText()}\n`);
  if (!/^[\w-]+\n?$/.test(token)) throw broken(databaseToken, "it holds no token; delete it to get a new one");
  return { rootKeys: keys.trim(), databaseToken: token.trim() };
}

function broken(file: string, why: string): CommandError {
  return new CommandError(`Cannot use "${file}": ${why}`, { exitCode: 1 });
}

/** A new root key of that name. One draw in 4 billion is above the order of P-256. */
export function drawRootKey(id: string): string {
  for (;;) {
    const key = `${id}:${randomText()}`;
    if (parseRootKeys(key).ok) return key;
  }
}

function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}
