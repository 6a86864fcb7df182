import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { withClock, workerAt } from "./harness/clocks.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import type { TestService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const METADATA = `${SECRETS}/metadata?action=get`;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse("2026-01-01T00:00:00Z");

interface Listed {
  readonly revision: number;
  readonly time: string;
  readonly workerTime: string;
}

/** A database and two workers, each with a clock that the test sets as a difference to the true time. */
describe.each(["memory", "libSQL"])("clocks that are wrong (%s)", (kind) => {
  let database: FileDatabase | undefined;
  let truth: number;
  let off: { database: number; worker: number; other: number };
  let service: TestService;
  let other: TestService;
  beforeEach(async () => {
    truth = START;
    off = { database: 0, worker: 0, other: 0 };
    database = kind === "memory" ? undefined : await fileDatabase();
    const now = () => truth + off.database;
    const store: Store = database ? libsqlStore(withClock(database.execute, now)) : memoryStore({ storeId: "s", now });
    service = await workerAt(store, () => truth + off.worker);
    other = await workerAt(store, () => truth + off.other);
  });
  afterEach(() => database?.close());

  const put = async (path: string, { key, by = service }: { key?: string; by?: TestService } = {}) => {
    const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
    const answer = await by.post(SECRETS, { path, values: { v: path } }, { headers });
    expect(answer.status, answer.text).toBe(200);
    truth += SECOND;
    return answer.body;
  };
  const list = async (body: object = {}) =>
    (await service.post("/v1/audit?action=list", { limit: 1000, ...body })).body["entries"] as readonly Listed[];
  const revisions = async (body: object = {}) => (await list(body)).map(({ revision }) => revision);
  const prune = async (days: number) => {
    const answer = await service.post("/v1/audit?action=prune", { days });
    expect(answer.status, answer.text).toBe(200);
    return answer.body as { readonly floor: number; readonly more: boolean };
  };
  const problems = async () => (await service.post("/v1/audit?action=verify", {})).body["problems"];
  const at = (ms: number) => new Date(ms).toISOString();

  describe("pruning", () => {
    it("keeps entries of a second ago that a database 100 days behind dated, and their Idempotency-Keys (H08)", async () => {
      await put("old");
      truth += 200 * DAY;
      off.database = -100 * DAY;
      await put("a");
      const first = await put("a", { key: "k" });
      await put("b");
      off.database = 0;
      await put("b");
      expect(await prune(90)).toMatchObject({ floor: 1 });
      expect(await put("a", { key: "k" })).toEqual(first);
      expect(await revisions({ resource: "secret:a" })).toEqual([2, 3]);
      expect(await problems()).toEqual([]);
    });

    it("goes on past an entry that a database three years ahead dated (H09)", async () => {
      await put("a");
      off.database = 3 * 365 * DAY;
      await put("a");
      off.database = 0;
      await put("a");
      await put("a");
      truth += 91 * DAY;
      await put("b");
      expect(await prune(90)).toMatchObject({ floor: 4 });
      expect(await revisions()).toEqual([4, 5, 6]);
      expect(await problems()).toEqual([]);
    });

    /** The clocks while seven entries are written, 20 days apart, and the floor that `prune days=30` reaches on day 120. */
    it.each<readonly [string, (day: number) => Partial<typeof off>, number]>([
      ["both clocks are right", () => ({}), 5],
      ["the database is ahead now", (day) => ({ database: day === 120 ? 3650 * DAY : 0 }), 5],
      ["the worker is ahead now", (day) => ({ worker: day === 120 ? 3650 * DAY : 0 }), 5],
      ["the database is behind for one commit", (day) => ({ database: day === 40 ? -100 * DAY : 0 }), 5],
      [
        "the database is behind for the newest commits",
        (day) => ({ database: day >= 80 && day <= 100 ? -1000 * DAY : 0 }),
        5,
      ],
      ["the database is behind since then", (day) => ({ database: day >= 80 ? -1000 * DAY : 0 }), 0],
      ["the database is ahead for one commit", (day) => ({ database: day === 40 ? 1000 * DAY : 0 }), 5],
      ["the database is ahead for the first commits", (day) => ({ database: day <= 40 ? 1000 * DAY : 0 }), 5],
      ["the database is ahead for the last commit", (day) => ({ database: day === 100 ? 1000 * DAY : 0 }), 5],
      ["the database is ahead since then", (day) => ({ database: day >= 60 ? 1000 * DAY : 0 }), 3],
      ["the worker is behind for one commit", (day) => ({ worker: day === 40 ? -100 * DAY : 0 }), 5],
      ["the worker is ahead for one commit", (day) => ({ worker: day === 40 ? 1000 * DAY : 0 }), 5],
      ["the worker is behind for ever, by 20 days", () => ({ worker: -20 * DAY }), 4],
      ["the worker is behind for ever, by 1000 days", () => ({ worker: -1000 * DAY }), 0],
      ["the worker is ahead for ever, by 20 days", () => ({ worker: 20 * DAY }), 4],
      ["the database is behind for ever, by 20 days", () => ({ database: -20 * DAY }), 4],
      ["the database is ahead for ever, by 20 days", () => ({ database: 20 * DAY }), 4],
    ])("reaches no entry that is younger than the limit if %s", async (_, clocks, floor) => {
      for (let day = 0; day <= 120; day += 20) {
        truth = START + day * DAY;
        Object.assign(off, { database: 0, worker: 0, ...clocks(day) });
        await put("a");
      }
      const pruned = await prune(30);
      expect(pruned.floor).toBe(floor);
      // Entry n was written on day 20 * (n - 1).
      expect(20 * (pruned.floor - 1)).toBeLessThan(120 - 30);
    });

    it("reaches no entry that is younger than the limit if two workers disagree", async () => {
      off.other = 1000 * DAY;
      for (let day = 0; day <= 100; day += 20) {
        truth = START + day * DAY;
        await put("a", { by: day % 40 === 0 ? service : other });
      }
      truth = START + 120 * DAY;
      // Only the worker that is right dates entries: those of days 0, 40 and 80.
      expect(await prune(30)).toMatchObject({ floor: 5 });
      expect(await prune(60)).toMatchObject({ floor: 5 });
    });
  });

  describe("an entry", () => {
    it("has both times; a clock that was years ahead for one commit does not date the next one (H09)", async () => {
      await put("a");
      off.database = 3 * 365 * DAY;
      await put("a");
      off.database = 0;
      await put("a");
      expect((await list()).map(({ time, workerTime }) => [time, workerTime])).toEqual([
        [at(START), at(START)],
        [at(START + SECOND + 3 * 365 * DAY), at(START + SECOND)],
        [at(START + 2 * SECOND), at(START + 2 * SECOND)],
      ]);
    });

    it("is found by either of its times (H09)", async () => {
      off.database = 3 * 365 * DAY;
      await put("a");
      off.database = 0;
      truth = START + DAY;
      await put("a");
      expect(await revisions({ until: at(START + MINUTE) })).toEqual([1]);
      expect(await revisions({ from: at(START + DAY) })).toEqual([1, 2]);
      expect(await revisions({ from: at(START + 3 * 365 * DAY), until: at(START + 3 * 365 * DAY + MINUTE) })).toEqual([
        1,
      ]);
      // Between its two times, but at neither.
      expect(await revisions({ from: at(START + 2 * DAY), until: at(START + 3 * DAY) })).toEqual([]);
    });
  });

  describe("the times of a secret", () => {
    const metadata = async () =>
      (await service.post(METADATA, { path: "a" })).body as {
        readonly versions: Readonly<Record<string, { readonly createdTime: string; readonly deletedTime?: string }>>;
        readonly metadata: { readonly createdTime: string; readonly updatedTime: string };
      };

    it.each([
      ["the database's, up to 15 minutes ahead", 10 * MINUTE, 10 * MINUTE],
      ["the database's, up to 15 minutes behind", -10 * MINUTE, -10 * MINUTE],
      ["at most 15 minutes ahead of the worker's (H09)", 3 * 365 * DAY, 15 * MINUTE],
      ["at most 15 minutes behind the worker's", -3 * 365 * DAY, -15 * MINUTE],
    ])("are %s", async (_, offset, expected) => {
      off.database = offset;
      await put("a");
      const { versions, metadata: summary } = await metadata();
      expect([versions["1"]?.createdTime, summary.createdTime, summary.updatedTime]).toEqual(
        Array.from({ length: 3 }, () => at(START + expected)),
      );
    });

    it("never decrease, and a jump ahead does not last", async () => {
      off.database = 3 * 365 * DAY;
      await put("a");
      off.database = -DAY;
      await put("a");
      off.database = 0;
      truth += 16 * MINUTE;
      await put("a");
      const { versions } = await metadata();
      expect(Object.values(versions).map(({ createdTime }) => createdTime)).toEqual([
        at(START + 15 * MINUTE),
        at(START + 15 * MINUTE),
        at(START + 2 * SECOND + 16 * MINUTE),
      ]);
    });

    it("do not bring back a value that was deleted, however far the database's clock is set back", async () => {
      await put("a");
      expect((await service.post(`${SECRETS}?action=delete`, { path: "a" })).status).toBe(200);
      for (off.database of [-MINUTE, -DAY, -3 * 365 * DAY, 3 * 365 * DAY]) {
        expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).status).toBe(404);
        expect((await service.post(`${SECRETS}?action=get`, { path: "a", version: 1 })).status).toBe(404);
      }
    });
  });

  it("date policies at most 15 minutes from the worker's clock", async () => {
    const policy = { name: "p", spiffeidPattern: "^spiffe://x/y$", pathPattern: "^a$", permissions: ["read"] };
    off.database = 3 * 365 * DAY;
    expect((await service.post("/v1/acl/policy", policy)).status).toBe(200);
    const { body } = await service.post("/v1/acl/policy?action=get", { id: "p" });
    expect(body["policy"] ?? body).toMatchObject({
      createdAt: at(START + 15 * MINUTE),
      updatedAt: at(START + 15 * MINUTE),
    });
  });

  it("are logged once per request, with direction and seconds (H09)", async () => {
    off.database = 3 * 365 * DAY;
    await put("a");
    await service.post(`${SECRETS}?action=get`, { path: "a" });
    off.database = -90 * SECOND;
    await service.post(`${SECRETS}?action=get`, { path: "a" });
    off.database = -60 * SECOND;
    await service.post(`${SECRETS}?action=get`, { path: "a" });
    const skew = service.log.filter(({ event }) => event === "clock_skew");
    expect(skew).toEqual([
      {
        level: "warn",
        event: "clock_skew",
        requestId: service.audit[0]?.traceId,
        reason: "database_ahead",
        detail: "the database's clock is 94608000 s ahead of the worker's",
      },
      expect.objectContaining({ reason: "database_ahead", requestId: service.audit[1]?.traceId }),
      expect.objectContaining({
        reason: "database_behind",
        detail: "the database's clock is 90 s behind the worker's",
      }),
    ]);
  });
});

describe("a whole page of entries that a database three years ahead dated", () => {
  const truth = { now: START, offset: 3 * 365 * DAY };
  let service: TestService;
  beforeEach(async () => {
    Object.assign(truth, { now: START, offset: 3 * 365 * DAY });
    const store = memoryStore({ storeId: "s", now: () => truth.now + truth.offset });
    service = await workerAt(store, () => truth.now);
    await puts(1100);
    truth.offset = 0;
  });
  const puts = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      truth.now += SECOND;
      expect((await service.post(SECRETS, { path: "a", values: {} })).status).toBe(200);
    }
  };
  const prune = async () => (await service.post("/v1/audit?action=prune", { days: 90 })).body;

  it("is pruned once entries after it are old (H09)", async () => {
    await puts(1100);
    truth.now += 91 * DAY;
    await puts(1);
    expect(await prune()).toMatchObject({ floor: 1000, more: true });
    expect(await prune()).toMatchObject({ floor: 2000, more: true });
    expect(await prune()).toMatchObject({ floor: 2200, more: false });
    expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [] });
  });

  it("is kept while no later entry is old by both clocks", async () => {
    truth.now += 91 * DAY;
    await puts(1100);
    expect(await prune()).toMatchObject({ floor: 0, more: false });
  });
});

it("are not logged for the memory store, which has no clock of its own", async () => {
  const service = await workerAt(memoryStore({ storeId: "s", now: () => 0 }), () => START, { backend: "memory" });
  expect((await service.post(SECRETS, { path: "a", values: {} })).status).toBe(200);
  expect(service.log).toEqual([]);
});
