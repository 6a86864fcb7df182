import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpDatabase, httpDatabase } from "../../test/harness/http-database.ts";
import { SUPERUSER } from "../../test/harness/identity.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "../../test/harness/service.ts";
import { fixedKeys } from "../seal/key-source.ts";
import { splitKey } from "../seal/shamir.ts";
import { httpExecute } from "../store/libsql/http-execute.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import type { BulkStore } from "../store/store.ts";
import { CliError } from "./cli-error.ts";
import { formatShare } from "./operator/share-text.ts";
import { spikeProgram } from "./program.ts";
import type { Surroundings } from "./surroundings.ts";

const ROLE = "/spike/pilot/role";
const bytesOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(2), "base64url"));

const SECRET_FORMS = (
  await Promise.all(
    [KEY_A, KEY_B].map(async (key) => {
      const bytes = bytesOf(key);
      const dealt = [2, 3].map(async (threshold) => await splitKey(bytes, { threshold, shares: 3 }));
      return [bytes, ...(await Promise.all(dealt)).flat().map(({ value }) => value)];
    }),
  )
)
  .flat()
  .flatMap((secret) => [Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("base64url")]);

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  readonly ran: readonly { readonly command: readonly string[]; readonly input: string }[];
  readonly slept: readonly number[];
}

describe("spike operator", () => {
  let folder: string;
  let database: HttpDatabase;
  let store: BulkStore;
  let service: TestService;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "spike-cli-"));
    database = await httpDatabase();
    store = libsqlStore(httpExecute({ url: database.url }, async (url, init) => await fetch(url, init)));
    service = await testService(store);
    for (const path of ["a", "b", "c"]) await service.post("/v1/store/secrets", { path, values: { v: path } });
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const tokenFile = async (path: string, by = service) => {
    const file = join(folder, `${path.split("/").at(-1)}.jwt`);
    writeFileSync(file, `${await by.domain.token(path)}\n`);
    return file;
  };
  /** Runs a command against the service in this process. */
  const spike = async (args: readonly string[], more: Partial<Surroundings> = {}, by = service): Promise<Ran> => {
    const out: string[] = [];
    const err: string[] = [];
    const ran: { command: readonly string[]; input: string }[] = [];
    const slept: number[] = [];
    const surroundings: Surroundings = {
      env: { SPIKE_TOKEN_FILE: await tokenFile(SUPERUSER, by), LIBSQL_URL: database.url },
      fetch: async (url, init) => await by.fetch(new Request(url, init)),
      print: (text) => void out.push(text),
      tell: (text) => void err.push(text),
      sleep: async (ms) => void slept.push(ms),
      readInput: async () => undefined,
      terminal: undefined,
      run: async (command, input) => (ran.push({ command, input }), 0),
      progress: () => ({
        advance: (by, text) => void err.push(`+${by} ${text}`),
        end: (text) => void err.push(text),
        fail: (text) => void err.push(`failed: ${text}`),
      }),
      ...more,
    };
    let exitCode = 0;
    try {
      await spikeProgram(surroundings).parseAsync(["node", "spike", "operator", ...args]);
    } catch (error) {
      if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
      else if (error instanceof CliError) {
        exitCode = error.exitCode;
        err.push(error.message);
      } else throw error;
    }
    const result = { exitCode, out: out.join("\n"), err: err.join("\n"), ran, slept };
    const hidden = args.includes("--print") ? result.err : result.out + result.err;
    for (const form of SECRET_FORMS) expect(hidden).not.toContain(form);
    return result;
  };
  const both = async () => await testService(store, { ring: await ringOf(KEY_B, KEY_A) });

  describe("rotates a key", () => {
    it("step by step, and says at each what comes next", async () => {
      const by = await both();
      const before = await spike(["status"], {}, by);
      expect(before.out.split("\n")).toEqual([
        expect.stringMatching(/^b: secrets 0, .*run "spike operator register b"\.$/),
        expect.stringMatching(/^a: secrets 3, policies 0, .*audit entries 3\. New rows are written under it\.$/),
      ]);
      expect(await spike(["rewrap"], {}, by)).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining("register b"),
      });
      expect(await spike(["register", "x"], {}, by)).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining("slip"),
      });
      expect(await spike(["register", "b"], {}, by)).toMatchObject({
        exitCode: 0,
        err: expect.stringContaining("revision 4"),
      });
      expect((await spike(["status"], {}, by)).out).toMatch(/^a: .*Still needed: run "spike operator rewrap"\.$/m);
      const rewrap = await spike(["rewrap"], {}, by);
      expect(rewrap).toMatchObject({ exitCode: 0, err: expect.stringContaining('3 rows are under "b" now.') });
      expect(rewrap.err).toContain("No row needs another key.");
      expect((await spike(["status"], {}, by)).out).toMatch(/^a: .*No row needs it: it may go\.$/m);
      const alone = await testService(store, { ring: await ringOf(KEY_B) });
      expect(JSON.parse((await spike(["status", "--json"], {}, alone)).out)).toMatchObject({
        primary: "b",
        first: "b",
      });
      expect((await spike(["status"], {}, alone)).out).toMatch(/^a: .*no row needs it\.$/m);
    });

    it("and says which key is missing", async () => {
      const by = await both();
      await spike(["register", "b"], {}, by);
      const alone = await testService(store, { ring: await ringOf(KEY_B) });
      expect((await spike(["status"], {}, alone)).out).toMatch(/^a: .*NOT in SPIKE_ROOT_KEYS, and 3 rows need it/m);
    });

    it("again after failures that pass, and not for ever", async () => {
      const by = await both();
      await spike(["register", "b"], {}, by);
      let failing = 3;
      const flaky: Surroundings["fetch"] = async (url, init) => {
        if (url.endsWith("/rewrap") && failing > 0) {
          failing -= 1;
          if (failing === 1) return new Response('{"err":"store_unavailable"}', { status: 503 });
          throw new TypeError("canary: no network");
        }
        return await by.fetch(new Request(url, init));
      };
      const found = await spike(["rewrap"], { fetch: flaky }, by);
      expect([found.exitCode, found.slept]).toEqual([0, [1000, 2000, 3000]]);
      failing = Infinity;
      const never = await spike(["rewrap"], { fetch: flaky }, by);
      expect([never.exitCode, never.slept.length]).toEqual([1, 9]);
      expect(never.err).not.toContain("canary");
      // A bar that is not ended would keep the process alive.
      expect(never.err).toContain("failed: Stopped before the end.");
      expect(found.err).not.toContain("failed: ");
    });

    it("and tells of rows that stay", async () => {
      const by = await both();
      await spike(["register", "b"], {}, by);
      await fetch(`${database.url}/v2/pipeline`, {
        method: "POST",
        body: JSON.stringify({
          requests: [{ type: "execute", stmt: { sql: "UPDATE secrets SET latest = 9 WHERE path = 'b'" } }],
        }),
      });
      const found = await spike(["rewrap"], {}, by);
      expect(found.exitCode).toBe(1);
      expect(found.err).toMatch(/secret:b does not verify.*\n.*1 rows are still under other keys/);
    });
  });

  it("says what stands in the way", async () => {
    const err = async (args: readonly string[], more: Partial<Surroundings> = {}, by = service) => {
      const { exitCode, err } = await spike(args, more, by);
      expect(exitCode).toBeGreaterThan(0);
      return err;
    };
    expect(await err(["status"], { env: {} })).toContain("--token-file");
    expect(await err(["status", "--token-file", "/no/such"])).toContain("cannot be read");
    expect(await err(["status", "--token-file", await tokenFile("/nobody")])).toContain("this identity may not");
    expect(await err(["recover"])).toContain("this identity may not");
    const share = formatShare({ id: 1, value: bytesOf(KEY_B) });
    for (const text of ["", "a.b.c\na.b.c", "a.b", share]) {
      writeFileSync(join(folder, "wrong.jwt"), text);
      const unasked = { fetch: async () => await Promise.reject(new Error("asked")) };
      const found = await err(["status", "--token-file", join(folder, "wrong.jwt")], unasked);
      expect(found).toContain("has no JWT-SVID in it");
    }
    const none = await testService(store, { keys: { read: async () => ({ ok: false, problem: "is not set" }) } });
    expect(await err(["status"], {}, none)).toMatch(/no root key.*under [0-9a-f]{32}/);
    const wrong = await testService(store, { keys: await fixedKeys(`a:${KEY_B.slice(2)}`) });
    expect(await err(["status"], {}, wrong)).toMatch(/failed \(500\).*under [0-9a-f]{32}/);
    expect(await err(["status"], { fetch: async () => new Response("<html>", { status: 404 }) })).toContain(
      "answers 404",
    );
    expect(await err(["status"], { fetch: async () => new Response("{}") })).toContain("none of SPIKE Edge");
    expect(await err(["nonsense"])).toContain("unknown command");
    expect(await err(["register"])).toContain("missing required argument");
  });

  describe("recovers", () => {
    it("shares into files of their own, and takes away those of before", async () => {
      const dir = join(folder, "shares");
      const recover = async () =>
        await spike(["recover", "--dir", dir, "--token-file", await tokenFile(`${ROLE}/recover`)]);
      const first = await recover();
      expect([first.exitCode, first.out.split("\n").length]).toEqual([0, 3]);
      writeFileSync(join(dir, "spike.recovery.9.txt"), "of another key");
      writeFileSync(join(dir, "notes.txt"), "kept");
      await recover();
      expect(readdirSync(dir).toSorted()).toEqual(["notes.txt", ...[1, 2, 3].map((id) => `spike.recovery.${id}.txt`)]);
      const shares = await splitKey(bytesOf(KEY_A), { threshold: 2, shares: 3 });
      for (const share of shares) {
        const file = join(dir, `spike.recovery.${share.id}.txt`);
        expect(readFileSync(file, "utf8")).toBe(`${formatShare(share)}\n`);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(first.out + first.err).not.toContain(formatShare(share).slice(-64));
      }
      expect(statSync(dir).mode & 0o777).toBe(0o700);
      // What was dealt brings the key back.
      const files = [1, 3].map((id) => join(dir, `spike.recovery.${id}.txt`));
      expect((await spike(["restore", "--print", ...files])).out).toBe(KEY_A);
    });
  });

  describe("restores", () => {
    const sharesOf = async (key: string, threshold = 2) =>
      (await splitKey(bytesOf(key), { threshold, shares: 3 })).map(formatShare);
    const restore = async (lines: readonly string[], args: readonly string[] = [], more: Partial<Surroundings> = {}) =>
      await spike(["restore", ...args], { readInput: async () => lines.join("\n"), ...more });

    it("the key from standard input, and hands it to wrangler there, never as an argument", async () => {
      const [first, , third] = await sharesOf(KEY_A);
      const found = await restore([first!, "", third!], ["--yes", "--wrangler=--name=edge"]);
      expect(found).toMatchObject({ exitCode: 0, out: "", err: 'These shares make the store\'s key "a".' });
      const command = ["npx", "wrangler", "secret", "put", "SPIKE_ROOT_KEYS", "--name=edge"];
      expect(found.ran).toEqual([{ command, input: KEY_A }]);
    });

    it("from somebody at a terminal, who does not see what he enters, and has to agree", async () => {
      const entered = await sharesOf(KEY_A);
      const asked: string[] = [];
      const terminal = (agrees: boolean): Partial<Surroundings> => ({
        readInput: async () => undefined,
        terminal: {
          askHidden: async (question) => (asked.push(question), entered[asked.length % 3]),
          confirm: async () => agrees,
        },
      });
      expect(await restore([], [], terminal(false))).toMatchObject({ exitCode: 1, ran: [] });
      expect((await restore([], [], terminal(true))).ran).toHaveLength(1);
      expect(asked).toHaveLength(4);
      const gaveUp = { askHidden: async () => undefined, confirm: async () => true };
      const found = await restore([], [], { readInput: async () => undefined, terminal: gaveUp });
      expect(found).toMatchObject({ exitCode: 1, ran: [], err: expect.stringContaining("given up") });
    });

    it("only what the store was written with: nothing is installed otherwise, and the message says why", async () => {
      const [first, second, third] = (await sharesOf(KEY_A)) as [string, string, string];
      const [, other] = (await sharesOf(KEY_B)) as [string, string];
      const above = `spike:2:${"f".repeat(64)}`;
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [[first], /2 shares are needed, 1 were given/],
        [[], /2 shares are needed, 0 were given/],
        [[first, first], /share 1 was given twice/],
        [[first, other], /do not make a key of this store/],
        [[first, second, `spike:3:${other.slice(-64)}`], /share 3 does not go with the first 2, which make a key/],
        [
          [first, other, third],
          /do not make a key.* \(share 3 does not go with the first 2\), or it takes more than 2/,
        ],
        [[first, other, third, other.replace(":2:", ":4:")], /shares 3 and 4 do not go/],
        [await sharesOf(KEY_B), /do not make a key of this store/],
        [await sharesOf(KEY_A, 3), /do not make a key of this store/],
        [[first, above], /share 2 is not a scalar/],
        [[first, third.slice(0, -1)], /line 2 is no share/],
        [[first, "x".repeat(5000)], /line 2 is no share/],
        [[first, `spike:0:${second.slice(-64)}`], /a number outside 1 to 1000/],
      ];
      for (const [lines, message] of cases) {
        for (const args of [["--yes"], ["--print"]]) {
          const found = await restore(lines, args);
          expect(found, String(message)).toMatchObject({
            exitCode: 1,
            out: "",
            ran: [],
            err: expect.stringMatching(message),
          });
          for (const line of lines.filter((line) => line.length > 60)) expect(found.err).not.toContain(line.slice(-60));
        }
      }
    });

    it("against a check value that was noted, without the database", async () => {
      const { keys } = JSON.parse((await spike(["status", "--json"])).out) as { keys: { checkValue: string }[] };
      const shares = await sharesOf(KEY_A);
      const env = { env: {} };
      const check = `a:${keys[0]!.checkValue}`;
      expect((await restore(shares, ["--print", "--check", check], env)).out).toBe(KEY_A);
      expect(await restore(shares, ["--print", "--check", `a:${"A".repeat(43)}`], env)).toMatchObject({
        exitCode: 1,
        out: "",
      });
      expect(await restore(shares, ["--print", "--check", "a"], env)).toMatchObject({ exitCode: 2, out: "" });
      expect(await restore(shares, ["--print"], env)).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining("LIBSQL_URL"),
      });
      const nowhere = { env: { LIBSQL_URL: "http://127.0.0.1:9" } };
      expect(await restore(shares, ["--print"], nowhere)).toMatchObject({
        exitCode: 1,
        err: expect.stringContaining("URL and token"),
      });
    });

    it("no key alone where rows need others too, unless somebody insists", async () => {
      const by = await both();
      await spike(["register", "b"], {}, by);
      await by.post("/v1/store/secrets", { path: "a", values: { v: "new" } });
      const shares = await sharesOf(KEY_B);
      const found = await restore(shares, ["--yes"]);
      expect(found).toMatchObject({ exitCode: 1, ran: [], err: expect.stringContaining('"a" (2 rows)') });
      expect((await restore(shares, ["--yes", "--force"])).ran).toHaveLength(1);
      const failing = await restore(shares, ["--yes", "--force"], { run: async () => 1 });
      expect(failing).toMatchObject({ exitCode: 1, err: expect.stringContaining('"wrangler secret put" failed') });
      const run = async () => await Promise.reject(new Error("spawn npx ENOENT"));
      const absent = await restore(shares, ["--yes", "--force"], { run });
      expect(absent).toMatchObject({ exitCode: 1, err: expect.stringContaining("is npm installed here?") });
    });

    it("with the threshold that it was dealt with", async () => {
      const three = await sharesOf(KEY_A, 3);
      expect((await restore(three, ["--print", "--threshold", "3"])).out).toBe(KEY_A);
      for (const wrong of ["1", "x", "1001"]) expect((await restore(three, ["--threshold", wrong])).exitCode).toBe(2);
      expect(existsSync(folder)).toBe(true);
    });
  });
});
