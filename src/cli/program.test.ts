import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { CommanderError } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpDatabase, httpDatabase } from "../../test/harness/http-database.ts";
import { SUPERUSER } from "../../test/harness/identity.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "../../test/harness/service.ts";
import { fixedKeys } from "../seal/key-source.ts";
import { splitKey } from "../seal/shamir.ts";
import { remoteExecute } from "../store/libsql/remote-execute.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import type { BulkStore } from "../store/store.ts";
import { CliError } from "./cli-error.ts";
import type { CliIo } from "./cli-io.ts";
import { formatShare } from "./operator/share-text.ts";
import { createProgram } from "./program.ts";

const ROLE = "/spike/pilot/role";
const toBytes = (key: string) => Uint8Array.from(Buffer.from(key.slice(2), "base64url"));

/** Encodings of keys and shares, none of which may be printed. */
const SECRET_TEXTS = (
  await Promise.all(
    [KEY_A, KEY_B].map(async (key) => {
      const bytes = toBytes(key);
      const shares = [2, 3].map(async (threshold) => await splitKey(bytes, { threshold, shares: 3 }));
      return [bytes, ...(await Promise.all(shares)).flat().map(({ value }) => value)];
    }),
  )
)
  .flat()
  .flatMap((secret) => [Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64url")]);

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly runs: readonly { readonly command: readonly string[]; readonly input: string }[];
  readonly sleeps: readonly number[];
}

describe("spike operator", () => {
  let folder: string;
  let database: HttpDatabase;
  let store: BulkStore;
  let service: TestService;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "spike-cli-"));
    database = await httpDatabase();
    store = libsqlStore(remoteExecute({ url: database.url }, async (request, init) => await fetch(request, init)));
    service = await testService(store);
    for (const path of ["a", "b", "c"]) await service.post("/v1/store/secrets", { path, values: { v: path } });
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const writeToken = async (path: string, from = service) => {
    const file = join(folder, `${path.split("/").at(-1)}.jwt`);
    writeFileSync(file, `${await from.domain.token(path)}\n`);
    return file;
  };
  /** Runs `spike operator ARGS` in this process against `target`. */
  const spike = async (args: readonly string[], overrides: Partial<CliIo> = {}, target = service): Promise<Result> => {
    const stdout: string[] = [];
    const stderr: string[] = [];
    const runs: { command: readonly string[]; input: string }[] = [];
    const sleeps: number[] = [];
    const io: CliIo = {
      env: { SPIKE_TOKEN_FILE: await writeToken(SUPERUSER, target), LIBSQL_URL: database.url },
      fetch: async (url, init) => await target.fetch(new Request(url, init)),
      print: (text) => void stdout.push(text),
      log: (text) => void stderr.push(text),
      sleep: async (ms) => void sleeps.push(ms),
      readStdin: async () => undefined,
      terminal: undefined,
      run: async (command, input) => (runs.push({ command, input }), 0),
      startProgress: () => ({
        advance: (by, text) => void stderr.push(`+${by} ${text}`),
        end: (text) => void stderr.push(text),
        fail: (text) => void stderr.push(`failed: ${text}`),
      }),
      ...overrides,
    };
    let exitCode = 0;
    try {
      await createProgram(io).parseAsync(["node", "spike", "operator", ...args]);
    } catch (error) {
      if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
      else if (error instanceof CliError) {
        exitCode = error.exitCode;
        stderr.push(error.message);
      } else throw error;
    }
    const result = { exitCode, stdout: stdout.join("\n"), stderr: stderr.join("\n"), runs, sleeps };
    const checked = args.includes("--print") ? result.stderr : result.stdout + result.stderr;
    for (const text of SECRET_TEXTS) expect(checked).not.toContain(text);
    return result;
  };
  /** A service whose new key "b" is first and whose old key "a" is still in the ring. */
  const rotating = async () => await testService(store, { ring: await ringOf(KEY_B, KEY_A) });

  describe("key rotation", () => {
    it("completes step by step, and each step names the next one", async () => {
      const target = await rotating();
      const before = await spike(["status"], {}, target);
      expect(before.stdout.split("\n")).toEqual([
        expect.stringMatching(/^Store id: [\da-f]{32}$/),
        expect.stringMatching(/^b: secrets 0, .*run "spike operator register b"\.$/),
        expect.stringMatching(/^a: secrets 3, policies 0, .*audit entries 3\. New rows are written under this key\.$/),
      ]);
      expect(await spike(["rewrap"], {}, target)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("register b"),
      });
      expect(await spike(["register", "x"], {}, target)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("Check the key ID"),
      });
      expect(await spike(["register", "b"], {}, target)).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining("revision 4"),
      });
      expect((await spike(["status"], {}, target)).stdout).toMatch(
        /^a: .*Still needed: run "spike operator rewrap"\.$/m,
      );
      const rewrap = await spike(["rewrap"], {}, target);
      expect(rewrap).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Moved 3 rows to "b".') });
      expect(rewrap.stderr).toContain("No row needs another key.");
      expect((await spike(["status"], {}, target)).stdout).toMatch(/^a: .*No row needs it: you can remove it\.$/m);
      const alone = await testService(store, { ring: await ringOf(KEY_B) });
      expect(JSON.parse((await spike(["status", "--json"], {}, alone)).stdout)).toMatchObject({
        storeId: before.stdout.slice("Store id: ".length).split("\n")[0],
        primary: "b",
        first: "b",
      });
      expect((await spike(["status"], {}, alone)).stdout).toMatch(/^a: .*no row needs it\.$/m);
    });

    it("reports a key that is missing from the ring", async () => {
      const target = await rotating();
      await spike(["register", "b"], {}, target);
      const alone = await testService(store, { ring: await ringOf(KEY_B) });
      expect((await spike(["status"], {}, alone)).stdout).toMatch(/^a: .*NOT in SPIKE_ROOT_KEYS, but 3 rows need it/m);
    });

    it("retries temporary failures a limited number of times", async () => {
      const target = await rotating();
      await spike(["register", "b"], {}, target);
      let failing = 3;
      const flaky: CliIo["fetch"] = async (url, init) => {
        if (url.endsWith("/rewrap") && failing > 0) {
          failing -= 1;
          if (failing === 1) return new Response('{"err":"store_unavailable"}', { status: 503 });
          throw new TypeError("canary: no network");
        }
        return await target.fetch(new Request(url, init));
      };
      const recovered = await spike(["rewrap"], { fetch: flaky }, target);
      expect([recovered.exitCode, recovered.sleeps]).toEqual([0, [1000, 2000, 3000]]);
      failing = Infinity;
      const failed = await spike(["rewrap"], { fetch: flaky }, target);
      expect([failed.exitCode, failed.sleeps.length]).toEqual([1, 9]);
      expect(failed.stderr).not.toContain("canary");
      // A progress bar that is not ended would keep the process alive.
      expect(failed.stderr).toContain("failed: Stopped early.");
      expect(recovered.stderr).not.toContain("failed: ");
    });

    it("names rows that cannot be rewrapped", async () => {
      const target = await rotating();
      await spike(["register", "b"], {}, target);
      await fetch(`${database.url}/v2/pipeline`, {
        method: "POST",
        body: JSON.stringify({
          requests: [{ type: "execute", stmt: { sql: "UPDATE secrets SET latest = 9 WHERE path = 'b'" } }],
        }),
      });
      const found = await spike(["rewrap"], {}, target);
      expect(found.exitCode).toBe(1);
      expect(found.stderr).toMatch(/secret:b does not verify.*\n.*1 rows are still under other keys/);
    });
  });

  it("explains why a command failed", async () => {
    const errorOf = async (args: readonly string[], overrides: Partial<CliIo> = {}, target = service) => {
      const { exitCode, stderr } = await spike(args, overrides, target);
      expect(exitCode).toBeGreaterThan(0);
      return stderr;
    };
    expect(await errorOf(["status"], { env: {} })).toContain("--token-file");
    expect(await errorOf(["status", "--token-file", "/no/such"])).toContain("cannot be read");
    expect(await errorOf(["status", "--token-file", await writeToken("/nobody")])).toContain("permission denied");
    expect(await errorOf(["recover"])).toContain("permission denied");
    const share = formatShare({ id: 1, value: toBytes(KEY_B) });
    for (const text of ["", "a.b.c\na.b.c", "a.b", share]) {
      writeFileSync(join(folder, "wrong.jwt"), text);
      const noFetch = { fetch: async () => await Promise.reject(new Error("the token was sent")) };
      const error = await errorOf(["status", "--token-file", join(folder, "wrong.jwt")], noFetch);
      expect(error).toContain("does not contain exactly one JWT-SVID");
    }
    const noKey = await testService(store, { keys: { read: async () => ({ ok: false, problem: "is not set" }) } });
    expect(await errorOf(["status"], {}, noKey)).toMatch(/no root key.*request ID [0-9a-f]{32}/);
    const wrongKey = await testService(store, { keys: await fixedKeys(`a:${KEY_B.slice(2)}`) });
    expect(await errorOf(["status"], {}, wrongKey)).toMatch(/failed with status 500.*request ID [0-9a-f]{32}/);
    expect(await errorOf(["status"], { fetch: async () => new Response("<html>", { status: 404 }) })).toContain(
      "status 404",
    );
    expect(await errorOf(["status"], { fetch: async () => new Response("{}") })).toContain(
      "not the response of this version of SPIKE Edge",
    );
    const refusal = { err: "api_bad_request", reason: { member: "keyId", rule: "must be a string" } };
    const refusing = { fetch: async () => Response.json(refusal, { status: 400 }) };
    expect(await errorOf(["register", "k"], refusing)).toContain("as malformed (keyId must be a string). Check");
    const bare = { fetch: async () => Response.json({ err: "api_bad_request", reason: "x" }, { status: 400 }) };
    expect(await errorOf(["register", "k"], bare)).toContain("as malformed. Check");
    expect(await errorOf(["nonsense"])).toContain("unknown command");
    expect(await errorOf(["register"])).toContain("missing required argument");
  });

  describe("remove", () => {
    const exists = async (path: string) =>
      (await service.post("/v1/store/secrets?action=get", { path })).status === 200;
    const typing = (typed: string | undefined, questions: string[] = []): Partial<CliIo> => ({
      terminal: {
        promptHidden: async () => await Promise.reject(new Error("the path is no secret")),
        promptText: async (question) => (questions.push(question), typed),
        confirm: async () => await Promise.reject(new Error("a yes is too easy")),
      },
    });

    it("removes a secret after its path is typed again, or with --yes", async () => {
      const questions: string[] = [];
      expect(await spike(["remove", "a"], typing("a", questions))).toMatchObject({
        exitCode: 0,
        stdout: "",
        stderr: 'Removed secret "a" with all its versions, at revision 4.',
      });
      expect(questions).toEqual([
        'This removes "a" with all its versions and cannot be undone. Type the path again to confirm',
      ]);
      expect((await spike(["remove", "b", "--yes"])).exitCode).toBe(0);
      expect([await exists("a"), await exists("b"), await exists("c")]).toEqual([false, false, true]);
    });

    it.each([
      ["another path", typing("b")],
      ["a yes", typing("yes")],
      ["nothing", typing("")],
      ["a cancellation", typing(undefined)],
      ["no terminal", {}],
    ])("changes nothing after %s", async (_, overrides) => {
      expect(await spike(["remove", "a"], overrides)).toMatchObject({
        exitCode: 1,
        stderr: 'Cannot remove secret "a": not confirmed. Nothing was changed; --yes skips the question.',
      });
      expect(await exists("a")).toBe(true);
    });

    it("removes a secret that does not verify, and says so (H10)", async () => {
      const client = createClient({ url: database.url });
      await client.execute("UPDATE secrets SET mac = zeroblob(32) WHERE path = 'a'");
      client.close();
      const { exitCode, stderr } = await spike(["remove", "a", "--yes"]);
      expect(exitCode).toBe(0);
      expect(stderr).toContain("The removed secret did not verify (seal_not_authentic). The log has the details.");
      expect((await service.post("/v1/store/secrets", { path: "a", values: {}, cas: 0 })).status).toBe(200);
    });

    it("explains why a secret cannot be removed", async () => {
      expect(await spike(["remove", "none", "--yes"])).toMatchObject({
        exitCode: 1,
        stderr: 'Cannot remove secret "none": it does not exist.',
      });
      const nobody = await writeToken("/nobody");
      expect((await spike(["remove", "a", "--yes", "--token-file", nobody])).stderr).toContain("permission denied");
      expect(await spike(["remove", "a b", "--yes"])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("(path must be 1 to 500 characters"),
      });
      expect(await spike(["remove"])).toMatchObject({ exitCode: 2 });
      const other = { fetch: async () => new Response("Not Found", { status: 404 }) };
      expect((await spike(["remove", "a", "--yes"], other)).stderr).toContain("Check that it is SPIKE Edge.");
      const old = { fetch: async () => Response.json({ err: "version_conflict" }, { status: 409 }) };
      expect((await spike(["remove", "a", "--yes"], old)).stderr).toContain("conflict");
      expect(await exists("a")).toBe(true);
    });
  });

  describe("recover", () => {
    it("writes each share to its own file and deletes share files of a previous key", async () => {
      const dir = join(folder, "shares");
      const recover = async () =>
        await spike(["recover", "--dir", dir, "--token-file", await writeToken(`${ROLE}/recover`)]);
      const first = await recover();
      expect([first.exitCode, first.stdout.split("\n").length]).toEqual([0, 3]);
      writeFileSync(join(dir, "spike.recovery.9.txt"), "of another key");
      writeFileSync(join(dir, "notes.txt"), "kept");
      await recover();
      expect(readdirSync(dir).toSorted()).toEqual(["notes.txt", ...[1, 2, 3].map((id) => `spike.recovery.${id}.txt`)]);
      const shares = await splitKey(toBytes(KEY_A), { threshold: 2, shares: 3 });
      for (const share of shares) {
        const file = join(dir, `spike.recovery.${share.id}.txt`);
        expect(readFileSync(file, "utf8")).toBe(`${formatShare(share)}\n`);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(first.stdout + first.stderr).not.toContain(formatShare(share).slice(-64));
      }
      expect(statSync(dir).mode & 0o777).toBe(0o700);
      // The written shares reconstruct the key.
      const files = [1, 3].map((id) => join(dir, `spike.recovery.${id}.txt`));
      expect((await spike(["restore", "--print", ...files])).stdout).toBe(KEY_A);
    });
  });

  describe("restore", () => {
    const sharesOf = async (key: string, threshold = 2) =>
      (await splitKey(toBytes(key), { threshold, shares: 3 })).map(formatShare);
    const restore = async (lines: readonly string[], args: readonly string[] = [], overrides: Partial<CliIo> = {}) =>
      await spike(["restore", ...args], { readStdin: async () => lines.join("\n"), ...overrides });

    it("reads shares from standard input and passes the key to wrangler on standard input, never as an argument", async () => {
      const [first, , third] = await sharesOf(KEY_A);
      const found = await restore([first!, "", third!], ["--yes", "--wrangler=--name=edge"]);
      expect(found).toMatchObject({
        exitCode: 0,
        stdout: "",
        stderr: 'These shares reconstruct the store\'s key "a".',
      });
      const command = ["npx", "wrangler", "secret", "put", "SPIKE_ROOT_KEYS", "--name=edge"];
      expect(found.runs).toEqual([{ command, input: KEY_A }]);
    });

    it("prompts for hidden shares in a terminal and asks for confirmation", async () => {
      const entered = await sharesOf(KEY_A);
      const questions: string[] = [];
      const terminal = (confirms: boolean): Partial<CliIo> => ({
        readStdin: async () => undefined,
        terminal: {
          promptHidden: async (question) => (questions.push(question), entered[questions.length % 3]),
          promptText: async () => undefined,
          confirm: async () => confirms,
        },
      });
      expect(await restore([], [], terminal(false))).toMatchObject({ exitCode: 1, runs: [] });
      expect((await restore([], [], terminal(true))).runs).toHaveLength(1);
      expect(questions).toHaveLength(4);
      const canceled = {
        promptHidden: async () => undefined,
        promptText: async () => undefined,
        confirm: async () => true,
      };
      const found = await restore([], [], { readStdin: async () => undefined, terminal: canceled });
      expect(found).toMatchObject({ exitCode: 1, runs: [], stderr: expect.stringContaining("canceled") });
    });

    it("rejects shares that do not reconstruct a key of the store, and says why", async () => {
      const [first, second, third] = (await sharesOf(KEY_A)) as [string, string, string];
      const [, other] = (await sharesOf(KEY_B)) as [string, string];
      const above = `spike:2:${"f".repeat(64)}`;
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [[first], /2 shares are needed, but only 1 given/],
        [[], /2 shares are needed, but only 0 given/],
        [[first, first], /share 1 was given twice/],
        [[first, other], /do not reconstruct a key of this store/],
        [[first, second, `spike:3:${other.slice(-64)}`], /share 3 does not match the first 2, which reconstruct a key/],
        [
          [first, other, third],
          /do not reconstruct a key.* \(share 3 does not match the first 2\), or more than 2 shares are required/,
        ],
        [[first, other, third, other.replace(":2:", ":4:")], /shares 3 and 4 do not match/],
        [await sharesOf(KEY_B), /do not reconstruct a key of this store/],
        [await sharesOf(KEY_A, 3), /do not reconstruct a key of this store/],
        [[first, above], /share 2 is not a scalar/],
        [[first, third.slice(0, -1)], /line 2 is not a share/],
        [[first, "x".repeat(5000)], /line 2 is not a share/],
        [[first, `spike:0:${second.slice(-64)}`], /a number outside 1 to 1000/],
      ];
      for (const [lines, message] of cases) {
        for (const args of [["--yes"], ["--print"]]) {
          const found = await restore(lines, args);
          expect(found, String(message)).toMatchObject({
            exitCode: 1,
            stdout: "",
            runs: [],
            stderr: expect.stringMatching(message),
          });
          for (const line of lines.filter((line) => line.length > 60))
            expect(found.stderr).not.toContain(line.slice(-60));
        }
      }
    });

    it("verifies against a given check value without the database", async () => {
      const { keys } = JSON.parse((await spike(["status", "--json"])).stdout) as { keys: { checkValue: string }[] };
      const shares = await sharesOf(KEY_A);
      const env = { env: {} };
      const check = `a:${keys[0]!.checkValue}`;
      expect((await restore(shares, ["--print", "--check", check], env)).stdout).toBe(KEY_A);
      expect(await restore(shares, ["--print", "--check", `a:${"A".repeat(43)}`], env)).toMatchObject({
        exitCode: 1,
        stdout: "",
      });
      expect(await restore(shares, ["--print", "--check", "a"], env)).toMatchObject({ exitCode: 2, stdout: "" });
      expect(await restore(shares, ["--print"], env)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("LIBSQL_URL"),
      });
      const unreachable = { env: { LIBSQL_URL: "http://127.0.0.1:9" } };
      expect(await restore(shares, ["--print"], unreachable)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining("URL and token"),
      });
    });

    it("requires --force to restore one key while rows use other keys", async () => {
      const target = await rotating();
      await spike(["register", "b"], {}, target);
      await target.post("/v1/store/secrets", { path: "a", values: { v: "new" } });
      const shares = await sharesOf(KEY_B);
      const found = await restore(shares, ["--yes"]);
      expect(found).toMatchObject({ exitCode: 1, runs: [], stderr: expect.stringContaining('"a" (2 rows)') });
      expect((await restore(shares, ["--yes", "--force"])).runs).toHaveLength(1);
      const failing = await restore(shares, ["--yes", "--force"], { run: async () => 1 });
      expect(failing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"wrangler secret put" failed') });
      const run = async () => await Promise.reject(new Error("spawn npx ENOENT"));
      const noNpm = await restore(shares, ["--yes", "--force"], { run });
      expect(noNpm).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("check that npm is installed") });
    });

    it("requires --force to restore a key other than the one that signed the store row (Q06)", async () => {
      const target = await rotating();
      await spike(["register", "b"], {}, target);
      const found = await restore(await sharesOf(KEY_A), ["--yes"]);
      expect(found).toMatchObject({ exitCode: 1, runs: [], stderr: expect.stringContaining('"b" (1 rows)') });
    });

    it.each([
      ["an empty threshold", { SPIKE_NEXUS_SHAMIR_THRESHOLD: "" }, ["--threshold", ""], ""],
      ["a threshold with a newline", { SPIKE_NEXUS_SHAMIR_THRESHOLD: "2\n" }, [], ""],
      ["an empty URL", { LIBSQL_URL: "" }, [], "LIBSQL_URL is not set. Set LIBSQL_URL and"],
      ["a URL without slashes", { LIBSQL_URL: "http:db" }, [], "LIBSQL_URL must begin with"],
      ["a URL with a query", { LIBSQL_URL: "https://db?x=1" }, [], "LIBSQL_URL must not have a query"],
      ["a token in plain text", { LIBSQL_URL: "http://db", LIBSQL_AUTH_TOKEN: "t" }, [], "LIBSQL_URL must use TLS"],
    ])("reads the environment with %s as the worker does (Q08, Q09)", async (_, env, args, problem) => {
      const shares = await sharesOf(KEY_A);
      const found = await restore(shares, ["--print", ...args], { env: { LIBSQL_URL: `${database.url}\n`, ...env } });
      expect(found).toMatchObject({ exitCode: problem === "" ? 0 : 2, stderr: expect.stringContaining(problem) });
    });

    it("accepts the threshold that the shares were created with", async () => {
      const three = await sharesOf(KEY_A, 3);
      expect((await restore(three, ["--print", "--threshold", "3"])).stdout).toBe(KEY_A);
      for (const wrong of ["1", "x", "1001"]) expect((await restore(three, ["--threshold", wrong])).exitCode).toBe(2);
      expect(existsSync(folder)).toBe(true);
    });
  });
});
