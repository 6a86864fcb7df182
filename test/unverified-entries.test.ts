import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Entry {
  readonly revision: number;
  readonly time: string;
  readonly outcome: unknown;
  readonly keyId: string;
  readonly authentic: boolean | null;
  readonly status?: string;
}
interface Problem {
  readonly revision: number;
  readonly kind: string;
}

/** Revisions 1 to 3 are under the retired key a, 4 (the registration) to 6 under b. */
describe("entries of the stored audit under a key that has left the ring", () => {
  let database: FileDatabase;
  let alone: TestService;
  const withRing = async (...keys: readonly string[]) =>
    await testService(libsqlStore(database.execute), { ring: await ringOf(...keys) });
  beforeEach(async () => {
    database = await fileDatabase();
    const old = await withRing(KEY_A);
    await old.post(SECRETS, { path: "a", values: {} });
    await old.post(`${SECRETS}?action=delete`, { path: "a" });
    await old.post(SECRETS, { path: "a", values: {} });
    const both = await withRing(KEY_B, KEY_A);
    expect((await both.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
    await both.post("/v1/operator/rewrap", { after: "secret::" });
    alone = await withRing(KEY_B);
    expect((await alone.post(SECRETS, { path: "b", values: {} })).body).toMatchObject({ revision: 6 });
  });
  afterEach(() => database.close());

  const list = async (by = alone) => {
    const answer = await by.post("/v1/audit?action=list", {});
    expect(answer.status, JSON.stringify(by.log)).toBe(200);
    return answer.body["entries"] as Entry[];
  };
  const verify = async (by = alone) => {
    const answer = await by.post("/v1/audit?action=verify", {});
    expect(answer.status, JSON.stringify(by.log)).toBe(200);
    const { problems, unverified = [] } = answer.body;
    // A secret whose newest entry does not verify is a problem too, but not one of the audit.
    return {
      problems: (problems as Problem[]).filter((problem) => "revision" in problem),
      unverified: unverified as { keyId: string; entries: number }[],
    };
  };
  const verdicts = async (by = alone) => (await list(by)).map(({ authentic }) => authentic);
  /** `list` and `verify` must agree on each entry: authentic, unverified or not authentic. */
  const expectAgreement = async (by = alone) => {
    const [entries, { problems, unverified }] = await Promise.all([list(by), verify(by)]);
    const unknown = entries.filter(({ authentic }) => authentic === null);
    expect(unknown.every(({ status }) => status === "unverified")).toBe(true);
    expect(entries.filter((entry) => "status" in entry)).toEqual(unknown);
    expect(unverified.reduce((sum, { entries }) => sum + entries, 0)).toBe(unknown.length);
    for (const { keyId, entries } of unverified) {
      expect(unknown.filter((entry) => entry.keyId === keyId)).toHaveLength(entries);
    }
    const forged = entries.filter(({ authentic }) => authentic === false).map(({ revision }) => revision);
    expect(problems.filter(({ kind }) => kind === "not_authentic").map(({ revision }) => revision)).toEqual(forged);
  };
  const sql = async (statement: string, ...args: readonly (string | number)[]) =>
    await database.client.execute({ sql: statement, args: [...args] });

  it("are neither authentic nor forged, and readable as before; entries after the rewrap are authentic (Q04)", async () => {
    const before = await list(await withRing(KEY_B, KEY_A));
    expect(before.every(({ authentic }) => authentic === true)).toBe(true);
    const entries = await list();
    for (const [index, entry] of entries.entries()) {
      const { authentic: _, ...same } = before[index]!;
      expect(entry).toEqual(
        entry.revision <= 3 ? { ...same, authentic: null, status: "unverified" } : { ...same, authentic: true },
      );
      expect([entry.time, typeof entry.outcome]).toEqual([expect.stringMatching(RFC_3339), "object"]);
    }
    expect(await verify()).toEqual({ problems: [], unverified: [{ keyId: "a", entries: 3 }] });
    await expectAgreement();
    await expectAgreement(await withRing(KEY_A, KEY_B));
  });

  it.each<readonly [string, string, readonly (boolean | null)[], readonly string[]]>([
    ["the caller of an entry under the absent key is changed", "SET spiffe_id = 'x' WHERE revision = 2", [null], []],
    [
      "the MAC of such an entry is changed",
      "SET mac = zeroblob(32) WHERE revision = 2",
      [null],
      ["broken_anchor", "broken_chain"],
    ],
    [
      "the caller of an entry under a present key is changed",
      "SET spiffe_id = 'x' WHERE revision = 5",
      [false],
      ["not_authentic"],
    ],
    [
      "an entry under a present key claims the absent one",
      "SET key_id = 'a' WHERE revision = 5",
      [null],
      ["broken_state"],
    ],
    [
      "an entry under a present key claims the absent one, and to be decided before the registration",
      "SET key_id = 'a', epoch = 0, base = 3, anchor = (SELECT mac FROM audit WHERE revision = 3) WHERE revision = 5",
      [null],
      ["broken_state"],
    ],
    [
      "an entry under a present key claims the absent one, and to raise the epoch",
      "SET key_id = 'a', leads_to = '{}' WHERE revision = 5",
      [null],
      ["broken_epoch", "broken_state"],
    ],
    ["the registration claims the absent key", "SET key_id = 'a' WHERE revision = 4", [null], ["broken_state"]],
    [
      "the registration claims to have registered the absent key",
      "SET key_id = 'a', leads_to = replace(leads_to, '\"b\"', '\"a\"') WHERE revision = 4",
      [null],
      ["broken_state"],
    ],
    [
      "an entry under the absent key claims a present one",
      "SET key_id = 'b' WHERE revision = 2",
      [false],
      ["not_authentic"],
    ],
    [
      "an entry claims a key that was never registered",
      "SET key_id = 'zzz' WHERE revision = 2",
      [null],
      ["unregistered_key"],
    ],
    ["an entry claims an empty key id", "SET key_id = '' WHERE revision = 2", [null], ["unregistered_key"]],
    ["an entry claims the key in another case", "SET key_id = 'A' WHERE revision = 2", [null], ["unregistered_key"]],
    [
      "the base of an entry under the absent key is its own revision",
      "SET base = 2 WHERE revision = 2",
      [false],
      ["not_authentic", "broken_anchor"],
    ],
    ["its base is above its revision", "SET base = 4 WHERE revision = 2", [false], ["not_authentic", "broken_anchor"]],
    ["its epoch is above the store's", "SET epoch = 9 WHERE revision = 2", [false], ["not_authentic", "broken_epoch"]],
    [
      "its outcome is not JSON and its time out of range",
      "SET outcome = 'x', at = 9007199254740991 WHERE revision = 2",
      [null],
      [],
    ],
  ])("are judged alike by list and verify if %s (Q04)", async (_, change, [expected], kinds) => {
    const revision = Number(/\d+$/.exec(change)![0]);
    await sql(`UPDATE audit ${change}`);
    const all = [null, null, null, true, true, true].map((same, index) => (index + 1 === revision ? expected : same));
    expect(await verdicts()).toEqual(all);
    await expectAgreement();
    const found = new Set((await verify()).problems.map(({ kind }) => kind));
    expect(found).toEqual(new Set(kinds));
  });

  it("cannot hide that a secret was destroyed: its newest entry was written after the key had left (H10)", async () => {
    await sql("DELETE FROM secrets WHERE path = 'b'");
    await sql("DELETE FROM secret_versions WHERE path = 'b'");
    await sql("UPDATE audit SET action = 'remove', key_id = 'a' WHERE resource = 'secret:b'");
    expect((await verify()).problems).toMatchObject([{ revision: 6, kind: "broken_state" }]);
  });

  it("are unverified, not forged, if the row of their key was deleted, which verify reports (Q04)", async () => {
    await sql("DELETE FROM keys WHERE key_id = 'a'");
    expect(await verdicts()).toEqual([null, null, null, true, true, true]);
    await expectAgreement();
    const { problems } = await verify();
    expect(problems).toMatchObject([1, 2, 3].map((revision) => ({ revision, kind: "unregistered_key" })));
    // With the key in the ring, the entries verify, registered or not.
    expect(await verdicts(await withRing(KEY_B, KEY_A))).toEqual([true, true, true, true, true, true]);
  });

  it("at a revision above the store's are forged (Q04)", async () => {
    await sql("UPDATE audit SET revision = 99 WHERE revision = 2");
    expect((await list()).map(({ revision, authentic }) => [revision, authentic])).toEqual([
      [1, null],
      [3, null],
      [4, true],
      [5, true],
      [6, true],
      [99, false],
    ]);
  });

  it.each<readonly [string, number, string]>([
    ["the epoch", 0, "1970-01-01T00:00:00.000Z"],
    ["before the epoch", -1, "1969-12-31T23:59:59.999Z"],
    ["the last time of RFC 3339", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"],
    ["one millisecond later", 253_402_300_800_000, "253402300800000"],
    ["the first time of RFC 3339", -62_167_219_200_000, "0000-01-01T00:00:00.000Z"],
    ["one millisecond earlier", -62_167_219_200_001, "-62167219200001"],
    ["the last time of JavaScript", 8_640_000_000_000_000, "8640000000000000"],
    ["one millisecond after that", 8_640_000_000_000_001, "8640000000000001"],
    ["the largest integer", Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["the smallest integer", Number.MIN_SAFE_INTEGER, "-9007199254740991"],
  ])("show a time that RFC 3339 can express, and any other as stored: %s (Q04)", async (_, at, shown) => {
    for (const revision of [2, 5]) await sql("UPDATE audit SET at = ? WHERE revision = ?", at, revision);
    const entries = await list();
    expect([entries[1], entries[4]]).toMatchObject([
      { time: shown, authentic: null },
      { time: shown, authentic: false },
    ]);
    await expectAgreement();
  });

  const asStored = [
    "",
    "x",
    "{",
    "null",
    "7",
    "[1]",
    '"text"',
    '{"a":1,"a":2}',
    '{"a":1}}',
    '{"a":01}',
    ` {"a":1}`,
    `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`,
    `{"a":[${"1,".repeat(30_000)}1]}`,
    "x".repeat(500_000),
  ];
  it.each<readonly [string, string, unknown]>([
    ...asStored.map(
      (outcome) => [outcome.length > 40 ? `${outcome.length} characters` : outcome, outcome, outcome] as const,
    ),
    ['{"version":3}', '{"version":3}', { version: 3 }],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}')],
    ['{"toJSON":1}', '{"toJSON":1}', { toJSON: 1 }],
  ])("show an outcome that is a JSON object, and any other as stored: %s (Q04)", async (_, outcome, shown) => {
    for (const revision of [2, 5]) await sql("UPDATE audit SET outcome = ? WHERE revision = ?", outcome, revision);
    const entries = await list();
    expect([entries[1], entries[4]].map((entry) => [entry?.authentic, entry?.outcome])).toEqual([
      [null, shown],
      [false, shown],
    ]);
    await expectAgreement();
  });
});
