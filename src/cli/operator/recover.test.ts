import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Surroundings } from "../surroundings.ts";
import { recover } from "./recover.ts";

const BYTES = Array.from({ length: 32 }, (_, index) => index);
const GOOD = { 1: BYTES, 2: BYTES };

let folder: string;
let dir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spike-recover-"));
  dir = join(folder, "shares");
  writeFileSync(join(folder, "token"), "a.b.c");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Recovers from a service that answers these. */
async function recoverFrom(shards: unknown, to: string): Promise<readonly string[]> {
  const printed: string[] = [];
  const unused = (): never => {
    throw new Error("not a matter of this command");
  };
  const surroundings: Surroundings = {
    env: { SPIKE_TOKEN_FILE: join(folder, "token") },
    fetch: async () => Response.json({ shards }),
    print: (text) => void printed.push(text),
    tell: () => undefined,
    sleep: unused,
    readInput: unused,
    terminal: undefined,
    run: unused,
    progress: unused,
  };
  await recover(surroundings, { dir: to });
  return printed;
}

it("takes nothing away where the answer has no shares, or damaged ones", async () => {
  expect(await recoverFrom(GOOD, dir)).toEqual([1, 2].map((id) => join(dir, `spike.recovery.${id}.txt`)));
  const before = readdirSync(dir);
  const numbers = ["0", "../1", "x", "01", "1e1"].map((id) => ({ [id]: BYTES }));
  const values = [BYTES.slice(1), [...BYTES, 1], "1".repeat(32)].map((value) => ({ 1: value }));
  const bytes = [256, -1, 1.5, "1", null].map((byte) => ({ 1: [byte, ...BYTES.slice(1)] }));
  for (const shards of [undefined, null, 7, {}, [], ...numbers, ...values, ...bytes]) {
    await expect(recoverFrom(shards, dir), JSON.stringify(shards)).rejects.toThrow("the answer has none");
  }
  expect(readdirSync(dir)).toEqual(before);
});

it("says so where it cannot write", async () => {
  const refused = recoverFrom(GOOD, join(folder, "token", "shares"));
  await expect(refused).rejects.toMatchObject({ name: "CliError", message: expect.stringMatching(/ENOTDIR.*--dir/) });
});
