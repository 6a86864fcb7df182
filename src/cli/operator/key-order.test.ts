import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SUPERUSER } from "../../../test/harness/identity.ts";
import { KEY_A, KEY_B, ringOf, testService } from "../../../test/harness/service.ts";
import { deriveKeyRing, type KeyRing } from "../../seal/key-ring.ts";
import { memoryStore } from "../../store/memory/memory-store.ts";
import type { CliIo } from "../cli-io.ts";
import { register } from "./register.ts";
import { rewrap } from "./rewrap.ts";
import { status } from "./status.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spike-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a command against a store that was rotated from a to b, through a worker with this ring. */
async function run(ring: KeyRing, command: (io: CliIo) => Promise<void>): Promise<readonly string[]> {
  const store = memoryStore({ storeId: "s", now: Date.now });
  const old = await testService(store, { ring: await ringOf(KEY_A) });
  await old.post("/v1/store/secrets", { path: "a", values: {} });
  const both = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
  expect((await both.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);

  const worker = await testService(store, { ring });
  const token = join(folder, "token");
  writeFileSync(token, await worker.domain.token(SUPERUSER));
  const printed: string[] = [];
  const unused = (): never => {
    throw new Error("not used by this command");
  };
  await command({
    env: { SPIKE_TOKEN_FILE: token },
    fetch: async (url, init) => await worker.fetch(new Request(url, init)),
    print: (text) => void printed.push(text),
    log: (text) => void printed.push(text),
    sleep: unused,
    readStdin: unused,
    terminal: undefined,
    run: unused,
    startProgress: unused,
  });
  return printed;
}

it("status says that rows are written under another key than the first one, and what to do (Q06)", async () => {
  const [storeId, first, second] = await run(await ringOf(KEY_A, KEY_B), async (io) => await status(io, {}));
  expect(storeId).toBe("Store id: s");
  expect(first).toMatch(
    /^a: .* First in SPIKE_ROOT_KEYS, but rows are written under "b": put "b" first, or run "spike operator register a" to write under this key again\.$/,
  );
  expect(second).toMatch(/^b: .* New rows are written under this key\.$/);
});

it("rewrap moves nothing to a first key that rows are not written under (Q06)", async () => {
  await expect(run(await ringOf(KEY_A, KEY_B), async (io) => await rewrap(io, {}))).rejects.toThrow(
    'Cannot rewrap: "a" is first in SPIKE_ROOT_KEYS, but rows are written under "b". Run "spike operator register a" first, or put "b" first.',
  );
});

it("register writes under an earlier key again (Q06)", async () => {
  expect(await run(await ringOf(KEY_A, KEY_B), async (io) => await register(io, "a", {}))).toEqual([
    'Registered key "a". Every worker uses it for new rows from revision 3 on.',
  ]);
});

it("register refuses a key that is registered under another ID, and says what to do (Q05)", async () => {
  const [bytes, other] = [KEY_A, KEY_B].map((key) => Uint8Array.from(Buffer.from(key.slice(2), "base64url")));
  const ring = await deriveKeyRing([
    { id: "k2", bytes: bytes! },
    { id: "b", bytes: other! },
  ]);
  await expect(run(ring, async (io) => await register(io, "k2", {}))).rejects.toThrow(
    'Cannot register key "k2": the store knows the same key under another ID, so this would only rename it. Create a new key.',
  );
});
