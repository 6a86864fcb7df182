import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CliError } from "../src/cli/cli-error.ts";
import { createProgram } from "../src/cli/program.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { fakeCliIo } from "./harness/fake-cli-io.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const DAY = 24 * 60 * 60 * 1000;
const APP = { name: "app", spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^app/", permissions: ["read"] };

/** The commands of each drill in docs/operations.md, by its title. */
const DRILLS = new Map(
  readFileSync("docs/operations.md", "utf8")
    .split("\n### Drill: ")
    .slice(1)
    .map((section) => {
      const [title = ""] = section.split("\n");
      const [, block = ""] = /```sh\n([^`]*)```/.exec(section) ?? [];
      return [title, block.trim().split("\n")] as const;
    }),
);

/** How each drill damages the database, what then fails, and what `verify` prints. */
const DAMAGE: Readonly<
  Record<
    string,
    {
      /** Each is tried alone. */
      readonly sql: readonly string[];
      readonly shows: RegExp;
      /** Requests that are a 500 while the damage lasts. */
      readonly fails: readonly ("prune" | "get other" | "get" | "policy" | "put policy")[];
      /** `verify` has problems that are acknowledged. */
      readonly acknowledged?: true;
    }
  >
> = {
  "an audit entry is lost": {
    sql: [
      "DELETE FROM audit WHERE revision = 1",
      "DELETE FROM audit WHERE revision = 7",
      "DELETE FROM audit WHERE revision IN (6, 7, 9)",
      "UPDATE audit SET spiffe_id = 'spiffe://x/y' WHERE revision = 1",
      "UPDATE audit SET leads_to = NULL WHERE revision = 7",
      "UPDATE audit SET epoch = 0 WHERE revision = 7",
      "UPDATE audit SET epoch = 9223372036854775807 WHERE revision = 7",
      "UPDATE audit SET base = -9223372036854775808, seq = 9223372036854775807 WHERE revision = 1",
    ],
    shows: /^audit entry \d+: (gap|not_authentic): /m,
    fails: ["prune"],
    acknowledged: true,
  },
  "the newest audit entry is lost": {
    sql: ["DELETE FROM audit WHERE revision = (SELECT revision FROM store)"],
    shows: /missing_tail: the entry at revision \d+ is missing$/m,
    fails: ["prune", "get other", "get", "policy", "put policy"],
    acknowledged: true,
  },
  "the store row is damaged": {
    sql: [
      "UPDATE store SET mac = zeroblob(32)",
      "UPDATE store SET mac = NULL",
      "UPDATE store SET epoch = 3",
      "UPDATE store SET epoch = 99",
      "UPDATE store SET audit_floor = 3",
      "UPDATE store SET acknowledged = 1",
      "UPDATE store SET authority = zeroblob(16)",
    ],
    shows: /^store: (not_authentic|inconsistent): /m,
    fails: ["prune", "get other", "get", "policy", "put policy"],
  },
  "a node of the authority trie is damaged": {
    sql: [
      "UPDATE authority SET content = x'00' WHERE id = 1",
      "UPDATE authority SET content = zeroblob(5) WHERE id = 1",
    ],
    shows: /^node:1: damaged_node: node 1 of the authority trie is not the one that the store row leads to$/m,
    fails: ["policy", "put policy"],
  },
  "a node of the authority trie is lost": {
    sql: ["DELETE FROM authority WHERE id = (SELECT max(id) FROM authority)"],
    shows: /damaged_node: node \d+ of the authority trie is missing$/m,
    fails: [],
  },
  "the row of a policy is lost": {
    sql: ["DELETE FROM policies WHERE name = 'app'"],
    shows: /^policy:app: lost_row: /m,
    fails: ["policy"],
  },
  "the row of a trust bundle is damaged": {
    sql: [
      "UPDATE trust_bundles SET mac = zeroblob(32) WHERE trust_domain = 'partner.example'",
      "UPDATE trust_bundles SET bundle = '{\"keys\":[]}' WHERE trust_domain = 'partner.example'",
    ],
    shows: /^bundle:partner\.example: not_authentic: /m,
    fails: [],
  },
  "a secret is damaged": {
    sql: ["UPDATE secrets SET mac = zeroblob(32) WHERE path = 'app/db'"],
    shows: /^secret:app\/db: not_authentic: MAC of "secrets" does not verify$/m,
    fails: ["get"],
  },
};

describe("a drill of docs/operations.md repairs", () => {
  let folder: string;
  let database: FileDatabase;
  let service: TestService;
  let ahead = 0;
  const now = () => Date.now() + ahead;
  beforeEach(async () => {
    ahead = 0;
    folder = mkdtempSync(join(tmpdir(), "spike-drill-"));
    database = await fileDatabase();
    const inner = libsqlStore(database.execute);
    service = await testService(
      {
        load: async (query, signal) => ({ ...(await inner.load(query, signal)), now: now() }),
        commit: async (change, query, signal) => await inner.commit(change, query, signal),
      },
      { platform: { now } },
    );
    const post = async (target: string, body: object) =>
      expect(await service.post(target, body)).toMatchObject({ status: 200 });
    await post(SECRETS, { path: "app/db", values: { password: "one" } });
    await post(SECRETS, { path: "app/db", values: { password: "two" } });
    await post("/v1/acl/policy", APP);
    await post("/v1/trust/bundle", { trustDomain: "partner.example", bundle: { keys: [], spiffe_sequence: 1 } });
    for (let n = 0; n < 20; n += 1)
      await post("/v1/acl/policy", { ...APP, name: `other-${n}`, pathPattern: `^o${n}/` });
    await post(SECRETS, { path: "other", values: { v: "1" } });
    await post("/v1/trust/bundle", { trustDomain: "other.example", bundle: { keys: [] } });
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const spike = async (args: readonly string[], confirms?: boolean) => {
    const questions: string[] = [];
    const printed: string[] = [];
    const file = join(folder, "token.jwt");
    // Commands that run later than a token is valid get a new one.
    ahead = 0;
    writeFileSync(file, await service.domain.token(SUPERUSER));
    const io = fakeCliIo((text) => void printed.push(text), {
      tokenFile: file,
      fetch: async (url, init) => await service.fetch(new Request(url, init)),
      confirm: confirms === undefined ? undefined : (question) => (questions.push(question), confirms),
    });
    let exitCode = 0;
    try {
      await createProgram(io).parseAsync(["node", "spike", ...args]);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      exitCode = 1;
      printed.push(error.message);
    }
    return { exitCode, output: printed.join("\n"), questions };
  };
  const run = async (command: string) => {
    if (command.startsWith("spike ")) return await spike(command.split(" ").slice(1));
    const [, target = "", body = ""] = /^ask "([^"]+)" '(.*)'$/.exec(command) ?? [];
    const { status, text } = await service.post(`/v1/${target}`, body);
    return { exitCode: status === 200 ? 0 : 1, output: text };
  };
  const statuses = async () => {
    const of = async (target: string, body: object) => (await service.post(target, body)).status;
    return {
      get: await of(`${SECRETS}?action=get`, { path: "app/db" }),
      "get other": await of(`${SECRETS}?action=get`, { path: "other" }),
      policy: await of("/v1/acl/policy?action=get", { id: "app" }),
    };
  };
  const prune = async () => {
    ahead = 40 * DAY;
    const iat = Math.floor(now() / 1000);
    const token = await service.domain.token(SUPERUSER, { iat, exp: iat + 60 });
    const { status } = await service.post(
      "/v1/audit?action=prune",
      { days: 30 },
      { headers: { authorization: `Bearer ${token}` } },
    );
    ahead = 0;
    return status;
  };

  it.each([
    ["acknowledge", "an audit entry is lost", /^Acknowledge 3 problems\? /, /Acknowledged 3 problems at revision 27\./],
    ["rebuild store", "the store row is damaged", /^Store this row and raise the epoch\?$/, /Done at revision 27\./],
    [
      "rebuild authority",
      "a node of the authority trie is damaged",
      /^Trust these 23 rows, and no others\?$/,
      /Done at revision 27\./,
    ],
  ])("only after a confirmation: spike operator %s (H11)", async (command, title, question, done) => {
    await database.client.execute(DAMAGE[title]!.sql[0]!);
    const args = ["operator", ...command.split(" ")];
    for (const confirms of [undefined, false]) {
      const refused = await spike(args, confirms);
      expect(refused).toMatchObject({
        exitCode: 1,
        questions: confirms === undefined ? [] : [expect.stringMatching(question)],
      });
      expect(refused.output).toContain("not confirmed. Nothing was changed; --yes skips the question.");
    }
    expect((await spike(["operator", "verify"])).exitCode).toBe(1);
    const accepted = await spike(args, true);
    expect(accepted).toMatchObject({ exitCode: 0, output: expect.stringMatching(done) });
    expect((await spike(["operator", "verify"])).exitCode).toBe(0);
    const again = await spike(args, true);
    if (command !== "rebuild authority")
      expect(again).toMatchObject({
        exitCode: 0,
        questions: [],
        output: expect.stringMatching(/^(Nothing to|The store row verifies)/m),
      });
  });

  it("warns that a rebuild of the trie trusts what the database shows, and lists each row (H11)", async () => {
    const { output } = await spike(["operator", "rebuild", "authority"], false);
    expect(output).toMatch(/^policy:app version 3, 20\d\d-.*Z$/m);
    expect(output).toMatch(/^bundle:partner\.example version 4, no time$/m);
    expect(output).toContain("WARNING: these 23 policies and trust bundles would be trusted again.");
  });

  it("covers every drill of the page", () => {
    expect([...DRILLS.keys()].toSorted()).toEqual(Object.keys(DAMAGE).toSorted());
  });

  const cases = Object.entries(DAMAGE).flatMap(([title, { sql }]) =>
    sql.map((statement) => [title, statement] as const),
  );

  it.each(cases)("%s: %s (H11)", async (title, statement) => {
    const { shows, fails, acknowledged = false } = DAMAGE[title]!;
    expect((await spike(["operator", "verify"])).exitCode).toBe(0);
    await database.client.execute(statement);

    const shown = await spike(["operator", "verify"]);
    expect(shown.output).toMatch(shows);
    expect(shown.exitCode).toBe(1);
    const before = await statuses();
    for (const [name, status] of Object.entries(before)) {
      expect([name, status]).toEqual([name, (fails as readonly string[]).includes(name) ? 500 : 200]);
    }
    if (fails.includes("prune")) expect(await prune()).toBe(500);

    for (const command of DRILLS.get(title)!) {
      const { exitCode, output } = await run(command);
      expect([command, exitCode, output]).toEqual([command, 0, expect.any(String)]);
    }

    expect(await statuses()).toEqual({ get: 200, "get other": 200, policy: 200 });
    const after = await spike(["operator", "verify"]);
    expect([after.exitCode, after.output]).toEqual([0, expect.any(String)]);
    expect(after.output.includes("(acknowledged)")).toBe(acknowledged);
    const workload = await service.as("/app");
    expect((await workload(`${SECRETS}?action=get`, { path: "app/db" })).status).toBe(200);
    for (const [target, body] of [
      [SECRETS, { path: "app/db", values: { password: "three" } }],
      [SECRETS, { path: "new", values: {} }],
      [`${SECRETS}?action=delete`, { path: "other" }],
      ["/v1/acl/policy", APP],
      ["/v1/acl/policy?action=delete", { id: "other-3" }],
      ["/v1/trust/bundle?action=delete", { trustDomain: "partner.example" }],
    ] as const) {
      expect([target, (await service.post(target, body)).status]).toEqual([target, 200]);
    }
    expect((await spike(["operator", "verify"])).exitCode).toBe(0);
    expect(await prune()).toBe(200);
    expect((await spike(["operator", "verify"])).exitCode).toBe(0);
  });
});
