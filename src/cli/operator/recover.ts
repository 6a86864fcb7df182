import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Share } from "../../seal/shamir.ts";
import { callNexus, type Connection, type JsonObject } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";
import { formatShare } from "./share-text.ts";

const ACTION = "recover the shares of the root key";
const SHARE_FILE = /^spike\.recovery\.\d+\.txt$/;

/** `spike operator recover`: writes each share of the root key to its own file, readable only by the current user. */
export async function recover(io: CliIo, options: Connection & { readonly dir?: string }): Promise<void> {
  const request = { action: ACTION, target: "operator/recover", body: {} };
  const shares = parseShares(await callNexus(io, options, request));
  const folder = options.dir || join(io.env["SPIKE_PILOT_RECOVERY_DIR"] || join(homedir(), ".spike"), "recover");
  let files: readonly string[];
  try {
    files = await writeShares(folder, shares);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new CliError(
      `Cannot ${ACTION}: "${folder}" is not writable${code}. Delete any share files in it and choose another folder with --dir.`,
    );
  }
  for (const file of files) io.print(file);
  io.log("Give each file to a different person, then delete the files here: together they are the root key.");
}

async function writeShares(folder: string, shares: readonly Share[]): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  // Shares of a previous key could be mistaken for shares of this one.
  for (const name of await readdir(folder)) if (SHARE_FILE.test(name)) await rm(join(folder, name));
  const files: string[] = [];
  for (const share of shares) {
    const file = join(folder, `spike.recovery.${share.id}.txt`);
    await writeFile(file, `${formatShare(share)}\n`, { mode: 0o600, flag: "wx" });
    files.push(file);
  }
  return files;
}

function parseShares({ shards }: JsonObject): readonly Share[] {
  if (typeof shards === "object" && shards !== null) {
    const shares = Object.entries(shards).map(([id, bytes]: [string, unknown]) =>
      /^[1-9]\d{0,3}$/.test(id) && isShareValue(bytes) ? { id: Number(id), value: Uint8Array.from(bytes) } : undefined,
    );
    if (shares.length > 0 && shares.every((share) => share !== undefined)) return shares;
  }
  throw new CliError(`Cannot ${ACTION}: the response does not contain valid shares.`);
}

/** True for 32 bytes. `Uint8Array.from` would silently truncate other numbers, and the damage would show only when the share is needed. */
function isShareValue(bytes: unknown): bytes is readonly number[] {
  return (
    Array.isArray(bytes) &&
    bytes.length === 32 &&
    bytes.every((byte: unknown) => typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte <= 255)
  );
}
