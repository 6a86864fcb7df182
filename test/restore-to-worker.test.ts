import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { formatShare } from "../src/cli/operator/share-text.ts";
import { splitKey } from "../src/seal/shamir.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { cleanEnvironment } from "../tools/docs/clean-environment.ts";
import { type CloudflareApi, cloudflareApi } from "./harness/cloudflare-api.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { KEY_A, testService } from "./harness/service.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

let cloudflare: CloudflareApi;
let database: HttpDatabase;
let folder: string;
beforeEach(async () => {
  [cloudflare, database] = await Promise.all([cloudflareApi(), httpDatabase()]);
  folder = mkdtempSync(join(tmpdir(), "spike-restore-"));
});
afterEach(async () => {
  await Promise.all([cloudflare.close(), database.close()]);
  rmSync(folder, { recursive: true });
});

/** Runs the command in its own process, as a user does. */
async function restore(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }> {
  const clean = cleanEnvironment(folder, process.env);
  const programs = [join(PROJECT, "node_modules/node/bin"), join(PROJECT, "node_modules/.bin")];
  const env = {
    ...clean,
    ...cloudflare.env,
    PATH: [...programs, clean["PATH"]].join(delimiter),
    LIBSQL_URL: database.url,
  };
  const command = ["src/cli/main.ts", "operator", "restore", ...args];
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, command, { cwd: PROJECT, env }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

it("spike operator restore gives the production worker a key from two shares, and no wrong key", async () => {
  const store = libsqlStore(remoteExecute({ url: database.url }, async (request, init) => await fetch(request, init)));
  await (await testService(store)).post("/v1/store/secrets", { path: "a", values: {} });
  const root = Uint8Array.from(Buffer.from(KEY_A.slice(2), "base64url"));
  const files = (await splitKey(root, { threshold: 2, shares: 3 })).map((share) => {
    const file = join(folder, `spike.recovery.${share.id}.txt`);
    writeFileSync(file, `${formatShare(share)}\n`);
    return file;
  });
  cloudflare.create("spike-edge", { LIBSQL_AUTH_TOKEN: "sesame" });

  const damaged = join(folder, "damaged.txt");
  writeFileSync(damaged, `spike:2:${"1".repeat(64)}\n`);
  const wrong = await restore("--yes", files[0]!, damaged);
  expect([wrong.exitCode, cloudflare.secretsOf("spike-edge").has("SPIKE_ROOT_KEYS")]).toEqual([1, false]);
  expect(wrong.output).toContain("do not reconstruct a key of this store");

  const right = await restore("--yes", files[2]!, files[0]!);
  expect([right.output, right.exitCode]).toEqual([expect.stringContaining('the store\'s key "a"'), 0]);
  expect(cloudflare.secretsOf("spike-edge").get("SPIKE_ROOT_KEYS")).toBe(KEY_A);
  expect(cloudflare.secretsOf("spike-edge-dev").size).toBe(0);
  expect(wrong.output + right.output).not.toContain(KEY_A.slice(2));
}, 60_000);
