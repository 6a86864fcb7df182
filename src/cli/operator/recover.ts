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
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  // Those of a former key would be taken for these.
  for (const name of await readdir(folder)) if (SHARE_FILE.test(name)) await rm(join(folder, name));
  for (const share of shares) {
    const file = join(folder, `spike.recovery.${share.id}.txt`);
    await writeFile(file, `${formatShare(share)}\n`, { mode: 0o600, flag: "wx" });
    surroundings.print(file);
  }
  surroundings.tell("Give each of these to another person, and delete them here: together they are the root key.");
}

function readShares({ shards }: Readonly<Record<string, unknown>>): readonly Share[] {
  if (typeof shards === "object" && shards !== null) {
    const shares = Object.entries(shards).map(([id, bytes]: [string, unknown]) => ({
      id: Number(id),
      value: Uint8Array.from(Array.isArray(bytes) ? bytes.map(Number) : []),
    }));
    if (shares.length > 0 && shares.every(({ value }) => value.length === 32)) return shares;
  }
  throw new CliError("Cannot recover the shares of the root key: the answer has none.");
}
