import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import type { Store } from "../src/store/store.ts";
import { overtaken } from "./harness/overtaken-store.ts";
import { type RestorableDatabase, restorableDatabase } from "./harness/restorable-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const BUNDLE = "/v1/trust/bundle";
const RESTORED = "/v1/operator/store?action=restored";
const PARTNER = "partner.example";
const DAY = 24 * 60 * 60 * 1000;

let database: RestorableDatabase;
let service: TestService;
let ahead = 0;
beforeEach(async () => {
  ahead = 0;
  database = await restorableDatabase();
  service = await serve();
});
afterEach(() => database.close());

async function serve(wrap: (store: Store) => Store = (store) => store, ...keys: readonly string[]) {
  const inner = libsqlStore(database.execute);
  const now = () => Date.now() + ahead;
  return await testService(
    wrap({
      load: async (query, signal) => ({ ...(await inner.load(query, signal)), now: now() }),
      commit: async (change, query, signal) => await inner.commit(change, query, signal),
    }),
    { platform: { now }, ring: await ringOf(...(keys.length === 0 ? [KEY_A] : keys)) },
  );
}

async function post(target: string, body: object, status = 200): Promise<Record<string, unknown>> {
  const answer = await service.post(target, body);
  expect([target, answer.status, answer.text]).toEqual([target, status, expect.any(String)]);
  return answer.body;
}

const put = async (path: string, options: object = {}, status = 200) =>
  await post(SECRETS, { path, values: { v: "x" }, ...options }, status);
const putPolicy = async (name: string, options: object = {}, status = 200) =>
  await post(
    POLICY,
    {
      name,
      spiffeidPattern: "^spiffe://spike\\.ist/app$",
      pathPattern: `^${name}/`,
      permissions: ["read"],
      ...options,
    },
    status,
  );
const putBundle = async (trustDomain: string, options: object = {}, status = 200) =>
  await post(BUNDLE, { trustDomain, bundle: { keys: [] }, ...options }, status);
const restored = async (beyond: number) => {
  const { revision, generation } = await post(RESTORED, { beyond });
  expect(revision).toBe(beyond + 1);
  return String(generation);
};
const verify = async (by = service) => {
  const { status, body } = await by.post("/v1/audit?action=verify", {});
  expect([status, by.log]).toEqual([200, by.log]);
  return { problems: body["problems"], revision: body["revision"] };
};
const revision = async () => (await verify()).revision as number;
const isClean = async (by = service) => expect((await verify(by)).problems).toEqual([]);

/** Commits that are in the backup, and commits that are lost with its restore. Returns the highest lost revision. */
async function restoreOlderBackup(): Promise<number> {
  for (let n = 0; n < 3; n += 1) await put("app/db");
  await putPolicy("app");
  await putBundle(PARTNER);
  await put("removed");
  await database.backUp("backup");
  for (let n = 0; n < 4; n += 1) await put("app/db");
  await putPolicy("app");
  await putBundle(PARTNER);
  await put("created");
  await putPolicy("created");
  await post(`${SECRETS}?action=remove`, { path: "removed" });
  await put("removed");
  const lost = await revision();
  database.restore("backup");
  return lost;
}

describe("after an older backup was restored and put into service", () => {
  it("rejects each cas of a lost version, also of a secret that is created afterwards (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    // Each client writes again what it wrote last, with the number that it got for it.
    for (const [path, cas] of [
      ["app/db", 7],
      ["created", 1],
      ["removed", 2],
    ] as const)
      await put(path, { cas }, 409);
    expect(await put("app/db")).toMatchObject({ version: lost + 1 });
    expect(await put("created")).toMatchObject({ version: lost + 1 });
    for (let number = 1; number <= lost; number += 1) {
      await put("app/db", { cas: number }, 409);
      await put("created", { cas: number }, 409);
      await post(`${SECRETS}?action=delete`, { path: "app/db", versions: [number], cas: number }, 409);
      await post(`${SECRETS}?action=remove`, { path: "app/db", cas: number }, 409);
    }
    expect(await put("app/db", { cas: lost + 1 })).toMatchObject({ version: lost + 2 });
    expect((await post(`${SECRETS}?action=get`, { path: "app/db", version: 3 }))["data"]).toEqual({ v: "x" });
    await isClean();
  });

  it("numbers a new secret at the path of a removed one above the lost versions (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    await post(`${SECRETS}?action=remove`, { path: "removed" });
    expect(await put("removed", { cas: 0 })).toMatchObject({ version: lost + 1 });
    await post(`${SECRETS}?action=remove`, { path: "removed" });
    expect(await put("removed")).toMatchObject({ version: lost + 2 });
    await isClean();
  });

  it("rejects each cas of a lost policy or bundle, also of one that is created afterwards (H12)", async () => {
    const before = await restoreOlderBackup();
    await restored(before);
    await putPolicy("app");
    await putPolicy("created");
    await putBundle(PARTNER);
    for (let version = 1; version <= before; version += 1) {
      await putPolicy("app", { cas: version }, 409);
      await putPolicy("created", { cas: version }, 409);
      await putBundle(PARTNER, { cas: version }, 409);
      await post(`${POLICY}?action=delete`, { id: "app", cas: version }, 409);
      await post(`${BUNDLE}?action=delete`, { trustDomain: PARTNER, cas: version }, 409);
    }
    await putPolicy("app", { cas: before + 2 });
    await isClean();
  });

  it("keeps a cas of a version that the backup has (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    expect(await put("app/db", { cas: 3 })).toMatchObject({ version: lost + 1 });
    await putPolicy("app", { cas: 4 });
    await putBundle(PARTNER, { cas: 5 });
  });

  it("goes on after a backup of a store that was empty (H12)", async () => {
    await database.backUp("backup");
    await put("a");
    await put("a");
    database.restore("backup");
    await restored(2);
    await put("a", { cas: 2 }, 409);
    expect(await put("a", { cas: 0 })).toEqual({ version: 3, revision: 4 });
    await isClean();
  });

  it("starts another generation each time that the same backup is restored (H12)", async () => {
    const lost = await restoreOlderBackup();
    const first = await restored(lost);
    await put("app/db");
    const again = await revision();
    database.restore("backup");
    const second = await restored(again);
    expect(first).toMatch(new RegExp(`^${lost}\\.[0-9a-z]+\\.[0-9a-f]{16}$`));
    expect(second).toMatch(new RegExp(`^${again}\\.[0-9a-z]+\\.[0-9a-f]{16}$`));
    await put("app/db", { cas: lost + 1 }, 409);
    expect(await put("app/db")).toMatchObject({ version: again + 1 });
    await isClean();

    // Without the restore, it works too: each time revisions leap.
    const third = await restored(again + 100);
    expect(await put("app/db")).toMatchObject({ version: again + 101 });
    expect(new Set([first, second, third]).size).toBe(3);
    await isClean();

    // The random bits differ even for the same revision at the same time.
    const generations = new Set<string>();
    for (let n = 0; n < 5; n += 1) {
      database.restore("backup");
      generations.add((await restored(again)).replace(/\.\w+\./, "."));
    }
    expect(generations.size).toBe(5);
  });

  it("applies a repeated request once (H12)", async () => {
    const lost = await restoreOlderBackup();
    const send = async (beyond: number) =>
      await service.post(RESTORED, { beyond }, { headers: { "Idempotency-Key": "drill" } });
    const first = await send(lost);
    await put("app/db");
    const repeated = await send(lost);
    expect([repeated.status, repeated.body]).toEqual([200, first.body]);
    expect(await send(lost + 1)).toMatchObject({ status: 422, body: { err: "idempotency_key_reused" } });
    expect(await revision()).toBe(lost + 2);
    await isClean();
  });

  it("records who put it into service, and what it led to (H12)", async () => {
    const lost = await restoreOlderBackup();
    const generation = await restored(lost);
    const { entries } = await post("/v1/audit?action=list", { resource: "store" });
    expect(entries).toMatchObject([
      { revision: lost + 1, action: "restored", authentic: true, outcome: { generation } },
    ]);
    expect(service.audit.find(({ action }) => action === "operator.restored")).toMatchObject({ status: 200 });
  });

  it("does not commit a write that was decided on before it (H12)", async () => {
    await put("app/db");
    await database.backUp("backup");
    await put("app/db");
    const between = overtaken(libsqlStore(database.execute));
    const slow = await serve(() => between.store);
    const send = async (body: object, first: () => Promise<unknown>) => {
      between.by(first);
      return await slow.post(SECRETS, { path: "app/db", values: { v: "late" }, ...body });
    };

    // Decided on version 2, which is lost when it would be applied.
    const late = await send({ cas: 2 }, async () => {
      database.restore("backup");
      await restored(10);
    });
    expect([late.status, late.body]).toEqual([409, { err: "version_conflict" }]);

    // Decided on version 1 of the backup: as if the commit had waited while the command ran.
    database.restore("backup");
    const numbered = await send({}, async () => await restored(20));
    expect([numbered.status, numbered.body]).toEqual([200, { version: 21, revision: 22 }]);

    // Decided on a row version that another commit has assigned again before the command.
    database.restore("backup");
    await put("app/db");
    const other = await send({}, async () => {
      database.restore("backup");
      await put("app/db", { values: { v: "another" } });
      await restored(30);
    });
    expect([other.status, other.body]).toEqual([200, { version: 31, revision: 32 }]);
    expect((await post(`${SECRETS}?action=get`, { path: "app/db", version: 2 }))["data"]).toEqual({ v: "another" });
    await isClean();
  });

  it("decides again if another commit is faster, and refuses if that one is beyond the revision (H12)", async () => {
    const between = overtaken(libsqlStore(database.execute));
    const slow = await serve(() => between.store);
    await put("a");
    between.by(async () => await put("a"));
    const answer = await slow.post(RESTORED, { beyond: 50 });
    expect([answer.status, answer.body["revision"]]).toEqual([200, 51]);
    between.by(async () => await put("a"));
    const refused = await slow.post(RESTORED, { beyond: 51 });
    expect([refused.status, refused.body["reason"]]).toEqual([
      400,
      { member: "beyond", rule: "must be at least the revision of the store, 52", limit: 52 },
    ]);
    expect(await verify()).toEqual({ problems: [], revision: 52 });
  });
});

describe("a client that shows its bookmark", () => {
  const HEADER = "spike-bookmark";
  const get = async (bookmark?: string) =>
    await service.post(
      `${SECRETS}?action=get`,
      { path: "app/db" },
      { headers: bookmark === undefined ? {} : { [HEADER]: bookmark } },
    );
  const write = async (bookmark: string) =>
    await service.post(SECRETS, { path: "app/db", values: { v: "late" } }, { headers: { [HEADER]: bookmark } });
  const bookmarkNow = async () => {
    const { headers } = await get("none");
    return headers.get(HEADER)!;
  };

  it("is refused from the restore of an older backup on, and others are served (H12)", async () => {
    await put("app/db");
    const kept = await bookmarkNow();
    await database.backUp("backup");
    await put("app/db");
    await put("app/db");
    const lost = await bookmarkNow();
    database.restore("backup");

    expect([(await get(lost)).status, (await get(lost)).body["err"]]).toEqual([503, "store_behind"]);
    expect((await write(lost)).status).toBe(503);
    expect(await verify()).toEqual({ problems: [], revision: 1 });
    expect(service.log.map(({ event }) => event)).toContain("store_behind");
    expect([(await get(kept)).status, (await get()).status]).toEqual([200, 200]);

    // Others have written as many commits as are lost.
    await put("app/db");
    await put("app/db");
    expect([(await get(lost)).status, (await get(lost)).body["err"]]).toEqual([500, "store_went_back"]);
    expect([(await get(kept)).status, (await get()).status]).toEqual([200, 200]);

    await restored(10);
    for (const bookmark of [lost, kept]) {
      for (const { status, body } of [await get(bookmark), await write(bookmark)]) {
        expect([status, body["err"]]).toEqual([409, "store_replaced"]);
      }
    }
    expect(await verify()).toEqual({ problems: [], revision: 11 });
    expect((await get()).status).toBe(200);
  });

  it("goes on with a bookmark of the new generation, until another backup is restored (H12)", async () => {
    await put("app/db");
    await database.backUp("backup");
    const { headers, body } = await service.post(RESTORED, { beyond: 10 });
    const ofCommand = headers.get(HEADER)!;
    expect(body["revision"]).toBe(11);
    expect((await get(ofCommand)).status).toBe(200);
    const first = (await write(ofCommand)).headers.get(HEADER)!;
    expect((await get(first)).status).toBe(200);

    // The same backup, the same command, and as many commits: only the generation differs.
    database.restore("backup");
    expect((await get(first)).body["err"]).toBe("store_replaced");
    const again = await service.post(RESTORED, { beyond: 10 });
    expect([again.status, (await get(again.headers.get(HEADER)!)).status]).toEqual([200, 200]);
    expect((await get(ofCommand)).body["err"]).toBe("store_replaced");
    await put("app/db");
    expect((await get(first)).body["err"]).toBe("store_replaced");
  });
});

describe("the command that puts a restored database into service", () => {
  it.each([
    [{}, "beyond is required"],
    [{ beyond: null }, "beyond is required"],
    [{ beyond: -1 }, "beyond must be from 0 to 4503599627370495"],
    [{ beyond: 2 ** 52 }, "beyond must be from 0 to 4503599627370495"],
    [{ beyond: 2 }, "beyond must be at least the revision of the store, 3"],
    [{ beyond: 0 }, "beyond must be at least the revision of the store, 3"],
    [{ beyond: 9.5 }, "beyond must be an integer"],
    [{ beyond: "9" }, "beyond must be an integer"],
    [{ beyond: 9, cas: 1 }, "cas is not possible here: this request has no condition"],
  ])("rejects %j and changes nothing (H12)", async (body, reason) => {
    for (let n = 0; n < 3; n += 1) await put("a");
    const answer = await post(RESTORED, body, 400);
    const { member, rule } = answer["reason"] as { member: string; rule: string };
    expect(`${member} ${rule}`).toContain(reason);
    expect(await verify()).toEqual({ problems: [], revision: 3 });
    expect(await put("a")).toEqual({ version: 4, revision: 4 });
  });

  it("is for the superuser only, and waits for a store row that verifies (H12)", async () => {
    await put("a");
    const workload = await service.as("/app");
    expect((await workload(RESTORED, { beyond: 9 })).status).toBe(401);
    await database.sql("UPDATE store SET mac = zeroblob(32)");
    await post(RESTORED, { beyond: 9 }, 500);
  });

  it("leaves room for revisions and versions above the highest number (H12)", async () => {
    await put("a");
    await restored(2 ** 52 - 1);
    expect(await put("a")).toEqual({ version: 2 ** 52, revision: 2 ** 52 + 1 });
    expect(await put("a", { cas: 2 ** 52 })).toEqual({ version: 2 ** 52 + 1, revision: 2 ** 52 + 2 });
    await post(`${SECRETS}?action=delete`, { path: "a", versions: [2 ** 52 + 1] });
    expect(await post(`${SECRETS}?action=get`, { path: "a", version: 2 ** 52 })).toMatchObject({ data: { v: "x" } });
    expect(await putPolicy("p")).toMatchObject({ version: 2 ** 52 + 4 });
    await isClean();
    const listed: unknown[] = [];
    let after: unknown = 0;
    for (let pages = 0; after !== undefined; pages += 1) {
      expect(pages).toBeLessThan(10);
      const page = await post("/v1/audit?action=list", { after, limit: 2 });
      listed.push(...(page["entries"] as { action: string }[]).map(({ action }) => action));
      after = page["next"];
    }
    expect(listed).toEqual(["put", "restored", "put", "put", "delete", "put"]);
    const { entries, next } = await post("/v1/audit?action=list", { after: 1000, spiffeId: "spiffe://none/x" });
    expect([entries, next]).toEqual([[], 2 ** 52 - 1]);
  });
});

describe("what is repaired and pruned after a leap", () => {
  it("is the store row, with its generation (H12)", async () => {
    const lost = await restoreOlderBackup();
    const generation = await restored(lost);
    for (const between of [async () => undefined, async () => await put("app/db"), async () => await putPolicy("p")]) {
      await between();
      for (const damage of ["mac = zeroblob(32)", "generation = ''", "generation = '9.a.b', epoch = 1"]) {
        await database.sql(`UPDATE store SET ${damage}`);
        await put("app/db", {}, 500);
        const { digest } = await post("/v1/operator/rebuild?action=store", {});
        await post("/v1/operator/rebuild?action=store", { digest });
        const { store } = await libsqlStore(database.execute).load({}, new AbortController().signal);
        expect(store.generation).toBe(generation);
        await isClean();
      }
    }
    await put("app/db", { cas: lost }, 409);
    expect((await put("new"))["version"]).toBe(lost + 1);
  });

  it("is the audit: entries before and after it are pruned (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    for (let n = 0; n < 3; n += 1) await put("app/db");
    ahead = 40 * DAY;
    const late = await serve();
    const token = await late.domain.token("/spike/pilot/role/superuser", {
      iat: Math.floor((Date.now() + ahead) / 1000),
      exp: Math.floor((Date.now() + ahead) / 1000) + 60,
    });
    const headers = { authorization: `Bearer ${token}` };
    const pruned = await late.post("/v1/audit?action=prune", { days: 30 }, { headers });
    expect([pruned.status, pruned.body]).toEqual([200, { floor: lost + 3, more: false, revision: lost + 5 }]);
    ahead = 0;
    await isClean();
  });

  it("is a lost entry before, of and after the leap, once it is acknowledged (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    await put("app/db");
    await put("app/db");
    await put("app/db");
    for (const [position, detail] of [
      [6, "the entry at revision 6 is missing"],
      [lost + 1, `the entries at revisions 7 to ${lost + 1} are missing`],
      [lost + 3, `the entry at revision ${lost + 3} is missing`],
    ] as const) {
      await database.backUp(`before-${position}`);
      await database.sql(`DELETE FROM audit WHERE revision = ${position}`);
      const report = await post("/v1/audit?action=verify", {});
      expect(report["problems"]).toContainEqual(
        expect.objectContaining({ kind: "gap", detail, acknowledgeable: true }),
      );
      const { upTo, digest } = report;
      expect(await post("/v1/audit?action=acknowledge", { upTo, digest })).toMatchObject({ left: 0 });
      const { problems } = await post("/v1/audit?action=verify", {});
      expect((problems as { resource?: string }[]).filter(({ resource }) => resource === undefined)).toEqual([]);
      database.restore(`before-${position}`);
    }
  });

  /** The leap is at revision 37, the entry before it at 6, and a put follows at 38. */
  it.each<readonly [string, string, readonly string[]]>([
    [
      "an entry between the base and the leap",
      "UPDATE audit SET revision = 9 WHERE revision = 6",
      ["9 gap", "37 broken_anchor: leapt from revision 6, which entry 9 follows"],
    ],
    [
      "a leap that is not where it started",
      "UPDATE audit SET revision = revision - 1 WHERE action = 'restored'",
      ["36 gap", "38 gap"],
    ],
    [
      "a leap from another base",
      "UPDATE audit SET base = base - 1 WHERE action = 'restored'",
      ["37 gap", "37 not_authentic"],
    ],
    [
      "a leap to another revision",
      "UPDATE audit SET leads_to = replace(leads_to, '36.', '37.') WHERE action = 'restored'",
      ["37 gap", "37 not_authentic"],
    ],
    [
      "entries before the leap that are missing",
      "DELETE FROM audit WHERE revision IN (5, 6)",
      ["37 gap: the entries at revisions 5 to 6 are missing"],
    ],
    [
      "an entry that a later commit of the generation did not see",
      "DELETE FROM audit WHERE revision = 39",
      ["40 gap: the entry at revision 39 is missing"],
    ],
  ])("is reported: %s (H12)", async (_, statement, expected) => {
    const lost = await restoreOlderBackup();
    await restored(lost + 20);
    await put("app/db");
    const between = overtaken(libsqlStore(database.execute));
    const slow = await serve(() => between.store);
    between.by(async () => await put("other"));
    const rules = { spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^x/", permissions: ["read"] };
    expect((await slow.post(POLICY, { name: "x", ...rules })).body).toMatchObject({ revision: 40 });
    await isClean();
    await database.sql(statement);
    const { problems } = await verify();
    const found = (problems as { revision: number; kind: string; detail: string }[]).map(
      (problem) => `${problem.revision} ${problem.kind}: ${problem.detail}`,
    );
    for (const each of expected) expect(found).toContainEqual(expect.stringContaining(each));
  });

  it("is not a leap after its root key has left the ring (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost);
    await put("app/db");
    service = await serve(undefined, KEY_B, KEY_A);
    await post("/v1/operator/register", { keyId: "b" });
    for (let after: unknown = "secret::"; after !== undefined;) {
      after = (await post("/v1/operator/rewrap", { after }))["next"];
    }
    await isClean();
    service = await serve(undefined, KEY_B);
    const { problems } = await verify();
    expect((problems as { resource?: string }[]).filter(({ resource }) => resource === undefined)).toEqual([]);
    await put("app/db", { cas: 7 }, 409);
    expect(await put("new")).toMatchObject({ version: lost + 1 });
  });

  it("is found from any revision on, also from a skipped one (H12)", async () => {
    const lost = await restoreOlderBackup();
    await restored(lost + 20);
    await put("app/db");
    for (let after = 0; after <= lost + 22; after += 1) {
      const { problems } = await post("/v1/audit?action=verify", { after });
      expect([after, problems]).toEqual([after, []]);
    }
  });
});
