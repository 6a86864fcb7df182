import { readFile } from "node:fs/promises";
import { encodeBase64url } from "../../encoding/base64.ts";
import { clean } from "../../runtime/clean.ts";
import { SETTINGS } from "../../runtime/settings.ts";
import { deriveKeyRing } from "../../seal/key-ring.ts";
import { combineShares, type Share } from "../../seal/shamir.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";
import { loadCheckValues, parseCheckValues, type RegisteredKey } from "./check-values.ts";
import { parseShare } from "./share-text.ts";

export interface RestoreOptions {
  readonly threshold?: string;
  readonly check?: readonly string[];
  readonly print?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  /** Additional arguments for `wrangler secret put`. */
  readonly wrangler: readonly string[];
}

const SECRET = "SPIKE_ROOT_KEYS";
const MAX_SHARE_LENGTH = 4096;

/**
 * `spike operator restore`: reconstructs the root key from shares on this machine, verifies it against the check values of the
 * store, and installs it in the worker. A key that does not match is never installed or printed.
 */
export async function restore(io: CliIo, files: readonly string[], options: RestoreOptions): Promise<void> {
  const threshold = readThreshold(options.threshold, io);
  const registered = options.check === undefined ? await loadCheckValues(io) : parseCheckValues(options.check);
  const shares = await readShares(io, files, threshold);
  const combined = combineShares(shares, threshold);
  if (!combined.ok) throw restoreError(combined.problem);
  const { key, strays } = combined;
  const match = await findRegisteredKey(key, registered);
  if (match === undefined || strays.length > 0) {
    key.fill(0);
    throw restoreError(describeMismatch({ isRegistered: match !== undefined, strays, threshold }));
  }
  const text = `${match.keyId}:${encodeBase64url(key)}`;
  key.fill(0);
  io.log(`These shares reconstruct the store's key "${match.keyId}".`);
  if (options.print === true) {
    io.print(text);
    return;
  }
  const others = registered.filter(({ keyId, rows }) => keyId !== match.keyId && (rows ?? 0) > 0);
  if (options.force !== true) refuseIfNeeded(others);
  await install(io, text, options);
}

function refuseIfNeeded(others: readonly RegisteredKey[]): void {
  if (others.length === 0) return;
  const needed = others.map(({ keyId, rows }) => `"${keyId}" (${rows} rows)`).join(", ");
  throw restoreError(
    `some rows use other keys: ${needed}. ${SECRET} is replaced as a whole: print this key (--print) and set all keys together, or restore it alone (--force)`,
  );
}

async function install(io: CliIo, text: string, { yes, wrangler }: RestoreOptions): Promise<void> {
  const question = `Replace the worker's secret ${SECRET} with this key only?`;
  const confirmed = yes === true || (await io.terminal?.confirm(question)) === true;
  if (!confirmed) throw restoreError("not confirmed. Nothing was changed; --yes skips the question");
  let exitCode: number;
  try {
    exitCode = await io.run(["npx", "wrangler", "secret", "put", SECRET, ...wrangler], text);
  } catch {
    throw restoreError('"npx wrangler secret put" cannot be started. Nothing was changed; check that npm is installed');
  }
  if (exitCode !== 0) throw restoreError('"wrangler secret put" failed. Fix the error it reported and try again');
}

/** Explains why well-formed shares were rejected. A threshold that is too low looks the same as a damaged share. */
function describeMismatch(mismatch: {
  readonly isRegistered: boolean;
  readonly strays: readonly number[];
  readonly threshold: number;
}): string {
  const { isRegistered, strays, threshold } = mismatch;
  const subject = strays.length === 1 ? `share ${strays[0]} does` : `shares ${strays.join(" and ")} do`;
  const stray = strays.length === 0 ? "" : `${subject} not match the first ${threshold}`;
  if (isRegistered) {
    return `${stray}, which reconstruct a key of this store. Leave out shares that are damaged or from another set`;
  }
  const detail = stray === "" ? "" : ` (${stray})`;
  return `these shares do not reconstruct a key of this store. One is damaged or from another set${detail}, or more than ${threshold} shares are required (--threshold)`;
}

function readThreshold(given: string | undefined, { env }: CliIo): number {
  const { format, default: byDefault } = SETTINGS.SPIKE_NEXUS_SHAMIR_THRESHOLD;
  const text = clean(given ?? "") ?? clean(env["SPIKE_NEXUS_SHAMIR_THRESHOLD"] ?? "") ?? byDefault;
  const threshold = format.parse(text);
  if (threshold.ok) return threshold.value;
  throw new CliError(`Cannot restore a root key: the threshold ${threshold.problems.join("; ")}.`, 2);
}

async function readShares(io: CliIo, files: readonly string[], threshold: number): Promise<readonly Share[]> {
  if (files.length > 0) return await Promise.all(files.map(readShareFile));
  const input = await io.readStdin();
  if (input === undefined) return await promptForShares(io, threshold);
  const lines = input.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => toShare(line, `line ${index + 1}`));
}

async function readShareFile(file: string): Promise<Share> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    throw restoreError(`"${file}" cannot be read`);
  }
  return toShare(text, `"${file}"`);
}

async function promptForShares({ terminal }: CliIo, threshold: number): Promise<readonly Share[]> {
  const shares: Share[] = [];
  while (shares.length < threshold) {
    const entered = await terminal?.promptHidden(`Share ${shares.length + 1} of ${threshold} (spike:NUMBER:…)`);
    if (entered === undefined) throw restoreError("canceled. Nothing was changed");
    shares.push(toShare(entered, "the entered text"));
  }
  return shares;
}

function toShare(text: string, source: string): Share {
  const share = text.length > MAX_SHARE_LENGTH ? undefined : parseShare(text);
  if (share === undefined) throw restoreError(`${source} is not a share: expected "spike:NUMBER:" and 64 hex digits`);
  return share;
}

async function findRegisteredKey(
  key: Uint8Array<ArrayBuffer>,
  registered: readonly RegisteredKey[],
): Promise<RegisteredKey | undefined> {
  const { primary } = await deriveKeyRing([{ id: "restored", bytes: key.slice() }]);
  const computed = encodeBase64url(primary.check);
  return registered.find(({ checkValue }) => checkValue === computed);
}

function restoreError(reason: string): CliError {
  return new CliError(`Cannot restore a root key: ${reason}.`);
}
