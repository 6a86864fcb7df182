import { existsSync } from "node:fs";
import { parseRootKeys } from "../../src/seal/root-key.ts";
import { CommandError } from "../command/command-error.ts";
import type { DevFolder } from "./dev-folder.ts";
import { readOrCreatePrivateFile } from "./private-file.ts";

/** The secrets of the development service. */
export interface DevSecrets {
  /** `SPIKE_ROOT_KEYS` */
  readonly rootKeys: string;
  /** `LIBSQL_AUTH_TOKEN` */
  readonly databaseToken: string;
}

/** Reads both secrets, or creates them on the first run. @throws CommandError with exit code 1 */
export async function establishSecrets(folder: DevFolder): Promise<DevSecrets> {
  const { rootKeys, databaseToken, database } = folder;
  const keys = await readOrCreatePrivateFile(rootKeys, async () => {
    // A new key cannot decrypt an existing database: every read would fail.
    if (existsSync(database)) {
      throw broken(
        rootKeys,
        `it does not exist, and without its key "${database}" cannot be read; restore it, or delete both`,
      );
    }
    return `${drawRootKey("dev")}\n`;
  });
  const parsed = parseRootKeys(keys.trim());
  if (!parsed.ok) throw broken(rootKeys, `it is not a list of root keys (${parsed.problem}); restore it`);
  const token = await readOrCreatePrivateFile(databaseToken, async () => `${randomText()}\n`);
  if (!/^[\w-]+\n?$/.test(token)) throw broken(databaseToken, "it is not a token; delete it to get a new one");
  return { rootKeys: keys.trim(), databaseToken: token.trim() };
}

function broken(file: string, why: string): CommandError {
  return new CommandError(`Cannot use "${file}": ${why}`, { exitCode: 1 });
}

/** A new random root key with this id. Retries if the bytes are above the order of P-256: 1 in 4 billion. */
export function drawRootKey(id: string): string {
  for (;;) {
    const key = `${id}:${randomText()}`;
    if (parseRootKeys(key).ok) return key;
  }
}

function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}
