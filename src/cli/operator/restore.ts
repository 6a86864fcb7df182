import { readFile } from "node:fs/promises";
import { deriveKeyRing } from "../../seal/key-ring.ts";
import { combineShares, type Share } from "../../seal/shamir.ts";
import { CliError } from "../cli-error.ts";
import type { Surroundings } from "../surroundings.ts";
import { type KnownKey, parseChecks, readChecks, toBase64url } from "./check-values.ts";
import { parseShare } from "./share-text.ts";

export interface RestoreOptions {
  readonly threshold?: string;
  readonly check?: readonly string[];
  readonly print?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  /** For `wrangler secret put`. */
  readonly wrangler: readonly string[];
}

const SECRET = "SPIKE_ROOT_KEYS";
const MAX_LINE_BYTES = 4096;

/**
 * `spike operator restore`: puts the root key together from shares, on this machine and nowhere else, makes sure that it is the
 * one that the store was written with, and gives it to the worker. Nothing is installed otherwise.
 */
export async function restore(
  surroundings: Surroundings,
  files: readonly string[],
  options: RestoreOptions,
): Promise<void> {
  const threshold = readThreshold(options.threshold ?? surroundings.env["SPIKE_NEXUS_SHAMIR_THRESHOLD"] ?? "2");
  const known = options.check === undefined ? await readChecks(surroundings) : parseChecks(options.check);
  const shares = await readShares(surroundings, files, threshold);
  const combined = combineShares(shares, threshold);
  if (!combined.ok) throw cannot(combined.problem);
  const { key, strays } = combined;
  const match = await keyOf(key, known);
  if (match === undefined || strays.length > 0) {
    key.fill(0);
    throw cannot(mismatch({ isKey: match !== undefined, strays, threshold }));
  }
  const text = `${match.keyId}:${toBase64url(key)}`;
  key.fill(0);
  surroundings.tell(`These shares make the store's key "${match.keyId}".`);
  if (options.print === true) {
    surroundings.print(text);
    return;
  }
  await install(surroundings, text, { match, known, options });
}

async function install(
  surroundings: Surroundings,
  text: string,
  at: { readonly match: KnownKey; readonly known: readonly KnownKey[]; readonly options: RestoreOptions },
): Promise<void> {
  const { match, known, options } = at;
  const others = known.filter(({ keyId, rows }) => keyId !== match.keyId && (rows ?? 0) > 0);
  if (others.length > 0 && options.force !== true) {
    const needed = others.map(({ keyId, rows }) => `"${keyId}" (${rows} rows)`).join(", ");
    throw cannot(
      `rows need other keys too: ${needed}. The secret ${SECRET} is replaced as a whole: print this key (--print) and put all together, or insist (--force)`,
    );
  }
  const question = `Replace the worker's secret ${SECRET} by this key alone?`;
  const agreed = options.yes === true || (await surroundings.terminal?.confirm(question)) === true;
  if (!agreed) throw cannot("nobody agreed to replace the worker's secret. Nothing was changed (--yes agrees)");
  const command = ["npx", "wrangler", "secret", "put", SECRET, ...options.wrangler];
  let exitCode: number;
  try {
    exitCode = await surroundings.run(command, text);
  } catch {
    throw cannot('"npx wrangler secret put" cannot be started. Nothing was changed: is npm installed here?');
  }
  if (exitCode !== 0) throw cannot('"wrangler secret put" failed, and says why. Do this again when that is put right');
}

/** Why shares that are each well-formed are not taken. Too low a threshold looks the same as a share that is damaged. */
function mismatch(at: {
  readonly isKey: boolean;
  readonly strays: readonly number[];
  readonly threshold: number;
}): string {
  const { isKey, strays, threshold } = at;
  const subject = strays.length === 1 ? `share ${strays[0]} does` : `shares ${strays.join(" and ")} do`;
  const which = strays.length === 0 ? "" : `${subject} not go with the first ${threshold}`;
  if (isKey) return `${which}, which make a key of this store. Damaged or of another batch: leave that out`;
  const named = which === "" ? "" : ` (${which})`;
  return `these shares do not make a key of this store. One is damaged or of another batch${named}, or it takes more than ${threshold} of them (--threshold)`;
}

function readThreshold(text: string): number {
  const threshold = Number(text);
  if (/^\d{1,4}$/.test(text) && threshold >= 2 && threshold <= 1000) return threshold;
  throw new CliError("Cannot restore a root key: the threshold is no whole number from 2 to 1000", 2);
}

async function readShares(
  surroundings: Surroundings,
  files: readonly string[],
  threshold: number,
): Promise<readonly Share[]> {
  if (files.length > 0) return await Promise.all(files.map(readShareFile));
  const input = await surroundings.readInput();
  if (input === undefined) return await askForShares(surroundings, threshold);
  const lines = input.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, index) => shareIn(line, `line ${index + 1}`));
}

async function readShareFile(file: string): Promise<Share> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    throw cannot(`"${file}" cannot be read`);
  }
  return shareIn(text, `"${file}"`);
}

async function askForShares({ terminal }: Surroundings, threshold: number): Promise<readonly Share[]> {
  const shares: Share[] = [];
  while (shares.length < threshold) {
    const entered = await terminal?.askHidden(`Share ${shares.length + 1} of ${threshold} (spike:NUMBER:…)`);
    if (entered === undefined) throw cannot("it was given up. Nothing was changed");
    shares.push(shareIn(entered, "what was entered"));
  }
  return shares;
}

function shareIn(text: string, where: string): Share {
  const share = text.length > MAX_LINE_BYTES ? undefined : parseShare(text);
  if (share === undefined) throw cannot(`${where} is no share: that is "spike", a number and 64 hexadecimal digits`);
  return share;
}

/** Which of the store's keys this is, by its check value. */
async function keyOf(key: Uint8Array<ArrayBuffer>, known: readonly KnownKey[]): Promise<KnownKey | undefined> {
  const { primary } = await deriveKeyRing([{ id: "restored", bytes: key.slice() }]);
  const check = toBase64url(primary.check);
  return known.find(({ checkValue }) => checkValue === check);
}

function cannot(why: string): CliError {
  return new CliError(`Cannot restore a root key: ${why}.`);
}
