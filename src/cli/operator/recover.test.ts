import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { CliIo } from "../cli-io.ts";
import { recover } from "./recover.ts";

const BYTES = Array.from({ length: 32 }, (_, index) => index);
const VALID = { 1: BYTES, 2: BYTES };

let folder: string;
let dir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spike-recover-"));
  dir = join(folder, "shares");
  writeFileSync(join(folder, "token"), "a.b.c");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs `recover` against a service that responds with these shards. */
async function recoverFrom(shards: unknown, to: string, env: CliIo["env"] = {}): Promise<readonly string[]> {
  const printed: string[] = [];
  const unused = (): never => {
    throw new Error("not used by this command");
  };
  const io: CliIo = {
    env: { SPIKE_TOKEN_FILE: join(folder, "token"), ...env },
    fetch: async () => Response.json({ shards }),
    print: (text) => void printed.push(text),
    log: () => undefined,
    sleep: unused,
    readStdin: unused,
    terminal: undefined,
    run: unused,
    startProgress: unused,
  };
  await recover(io, { dir: to });
  return printed;
}

it("keeps existing share files if the response contains no shares or malformed ones", async () => {
  expect(await recoverFrom(VALID, dir)).toEqual([1, 2].map((id) => join(dir, `spike.recovery.${id}.txt`)));
  const before = readdirSync(dir);
  const numbers = ["0", "../1", "x", "01", "1e1"].map((id) => ({ [id]: BYTES }));
  const values = [BYTES.slice(1), [...BYTES, 1], "1".repeat(32)].map((value) => ({ 1: value }));
  const bytes = [256, -1, 1.5, "1", null].map((byte) => ({ 1: [byte, ...BYTES.slice(1)] }));
  for (const shards of [undefined, null, 7, {}, [], ...numbers, ...values, ...bytes]) {
    await expect(recoverFrom(shards, dir), JSON.stringify(shards)).rejects.toThrow("does not contain valid shares");
  }
  expect(readdirSync(dir)).toEqual(before);
});

it("reports a folder that is not writable", async () => {
  const refused = recoverFrom(VALID, join(folder, "token", "shares"));
  await expect(refused).rejects.toMatchObject({ name: "CliError", message: expect.stringMatching(/ENOTDIR.*--dir/) });
});

it("writes to the default folder if --dir and the environment variable are empty (Q08)", async () => {
  vi.stubEnv("HOME", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const files = [1, 2].map((id) => join(folder, ".spike", "recover", `spike.recovery.${id}.txt`));
  await expect(recoverFrom(VALID, "", { SPIKE_PILOT_RECOVERY_DIR: "" })).resolves.toEqual(files);
});
