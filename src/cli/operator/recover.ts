import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Share } from "../../seal/shamir.ts";
import { CliError } from "../cli-error.ts";
import { askNexus, type Connection } from "../nexus.ts";
import type { Surroundings } from "../surroundings.ts";
import { formatShare } from "./share-text.ts";

const SHARE_FILE = /^spike\.recovery\.\d+\.txt$/;

/** `spike operator recover`: writes the shares of the root key, each into a file that nobody else can read. */
export async function recover(
  surroundings: Surroundings,
  options: Connection & { readonly dir?: string },
): Promise<void> {
  const request = { what: "recover the shares of the root key", target: "operator/recover", body: {} };
  const shares = readShares(await askNexus(surroundings, options, request));
  const folder =
    options.dir ?? join(surroundings.env["SPIKE_PILOT_RECOVERY_DIR"] ?? join(homedir(), ".spike"), "recover");
  let files: readonly string[];
  try {
    files = await writeShares(folder, shares);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new CliError(
      `Cannot recover the shares of the root key: "${folder}" cannot be written to${why}. Delete what is there of them, and name another folder by --dir.`,
    );
  }
  for (const file of files) surroundings.print(file);
  surroundings.tell("Give each of these to another person, and delete them here: together they are the root key.");
}

async function writeShares(folder: string, shares: readonly Share[]): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  // Those of a former key would be taken for these.
  for (const name of await readdir(folder)) if (SHARE_FILE.test(name)) await rm(join(folder, name));
  const files: string[] = [];
  for (const share of shares) {
    const file = join(folder, `spike.recovery.${share.id}.txt`);
    await writeFile(file, `${formatShare(share)}\n`, { mode: 0o600, flag: "wx" });
    files.push(file);
  }
  return files;
}

function readShares({ shards }: Readonly<Record<string, unknown>>): readonly Share[] {
  if (typeof shards === "object" && shards !== null) {
    const shares = Object.entries(shards).map(([id, bytes]: [string, unknown]) =>
      /^[1-9]\d{0,3}$/.test(id) && isValue(bytes) ? { id: Number(id), value: Uint8Array.from(bytes) } : undefined,
    );
    if (shares.length > 0 && shares.every((share) => share !== undefined)) return shares;
  }
  throw new CliError("Cannot recover the shares of the root key: the answer has none.");
}

/** 32 bytes. Others would be cut to a byte without a word, and the share be found out as damaged when it is needed. */
function isValue(bytes: unknown): bytes is readonly number[] {
  return (
    Array.isArray(bytes) &&
    bytes.length === 32 &&
    bytes.every((byte: unknown) => typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte <= 255)
  );
}
