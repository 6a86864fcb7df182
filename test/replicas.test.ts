import { beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../src/api/service.ts";
import { formatBookmark } from "../src/commit/bookmark/bookmark.ts";
import { markOf } from "../src/commit/bookmark/mark.ts";
import { emptyState } from "../src/store/memory/memory-store.ts";
import type { State } from "../src/store/memory/state.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { REPLICATED_STORE_ID, ReplicatedStore } from "./harness/replicated-store.ts";
import { KEY_A, KEY_B, ringOf, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const GET = `${SECRETS}?action=get`;
const POLICY = "/v1/acl/policy";
const BOUND_MS = 60_000;

const OPTIONS = { replicaReads: { maxStalenessMs: BOUND_MS, storeId: REPLICATED_STORE_ID } } as const;

describe("with a replica", () => {
  let db: ReplicatedStore;
  let service: TestService;
  beforeEach(() => {
    db = new ReplicatedStore();
  });

  const start = async (options: Partial<Pick<Service, "replicaReads" | "writeHeartbeat">> = {}): Promise<void> => {
    service = await testService(db.store, {
      ...options,
      platform: { now: () => db.now },
    });
    await grant(["read", "write"]);
    await put("first");
    db.catchUp();
    reset();
  };
  const reset = (): void => {
    db.near = 0;
    db.far = [];
    service.log.length = 0;
  };
  const trips = () => ({ near: db.near, far: db.far });
  const put = async (text: string, more: object = {}, headers = {}) =>
    await service.post(SECRETS, { path: "a", values: { v: text }, ...more }, { headers });
  const get = async (headers = {}) => await (await service.as("/app"))(GET, { path: "a" }, headers);
  const grant = async (permissions: readonly string[]) =>
    await service.post(POLICY, {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/app$",
      pathPattern: "^a$",
      permissions,
    });
  const revoke = async () => await service.post(`${POLICY}?action=delete`, { id: "p" });
  const bookmarkOf = (answer: TestAnswer): string => answer.headers.get("spike-bookmark")!;
  const events = () => service.log.map(({ event }) => event);

  describe("for writes", () => {
    it("a write is decided near and committed far", async () => {
      await start();
      const answer = await put("second");
      expect(answer.body).toEqual({ version: 2, revision: 3 });
      expect(trips()).toEqual({ near: 1, far: ["commit"] });
      expect(answer.headers.get("server-timing")).toMatch(
        /^db;dur=\d+;desc="2 round trips", primary;dur=\d+;desc="1 round trip", replica;dur=\d+;desc="1 round trip"$/,
      );
    });

    it("a read is served by the primary", async () => {
      await start();
      await put("second");
      reset();
      expect((await get()).body).toEqual({ data: { v: "second" } });
      expect(trips()).toEqual({ near: 0, far: ["load"] });
    });

    it.each<[string, () => Promise<TestAnswer>, object]>([
      [
        "a put of a version that the replica does not know",
        async () => await put("third", { cas: 2 }),
        { status: 200 },
      ],
      ["a put that only the replica would accept", async () => await put("third", { cas: 1 }), { status: 409 }],
      ["a put without a condition", async () => await put("third"), { status: 200, body: { version: 3 } }],
      [
        "a deletion of what the replica does not have",
        async () => await service.post(`${SECRETS}?action=delete`, { path: "b" }),
        { status: 200 },
      ],
    ])("%s is decided by the primary (H01)", async (_, send, expected) => {
      await start();
      await put("second");
      await service.post(SECRETS, { path: "b", values: {} });
      reset();
      expect(await send()).toMatchObject(expected);
      expect(db.near).toBe(1);
      expect(service.log).toEqual([]);
    });

    it("a caller whose grant the replica does not know is served, and one whose grant it still has is not (H01)", async () => {
      await start();
      const write = async () => await (await service.as("/app"))(SECRETS, { path: "a", values: { v: "w" } });
      await revoke();
      expect((await write()).status).toBe(401);
      db.catchUp();
      await grant(["write"]);
      expect((await write()).status).toBe(200);
    });

    it("a repeated request is answered by the primary, whether the replica knows it or not", async () => {
      await start();
      const once = async () => (await put("second", {}, { "idempotency-key": "k" })).body;
      const first = await once();
      reset();
      expect(await once()).toEqual(first);
      db.catchUp();
      expect(await once()).toEqual(first);
      expect(db.state.store.revision).toBe(3);
    });

    it("a repeated request whose permission was revoked is denied, although the replica has the permission and the answer", async () => {
      await start();
      const app = await service.as("/app");
      const once = async () =>
        (await app(SECRETS, { path: "a", values: { v: "second" } }, { "idempotency-key": "k" })).status;
      expect(await once()).toBe(200);
      db.catchUp();
      await revoke();
      expect(await once()).toBe(401);
    });

    it("a copy of another store decides nothing", async () => {
      await start();
      db.seen.store = { ...db.seen.store, storeId: "f".repeat(32) };
      expect((await put("second")).body).toEqual({ version: 2, revision: 3 });
      expect(events()).toEqual(["replica_not_verified"]);
    });

    it("an unreachable replica is a log event, and the primary serves", async () => {
      await start();
      db.answer = async () => await Promise.reject(new StoreUnavailable("connection", "none", "ECONNREFUSED"));
      expect((await put("second")).status).toBe(200);
      expect(trips()).toEqual({ near: 1, far: ["load", "commit"] });
      expect(service.log).toMatchObject([{ level: "warn", event: "replica_unreachable" }]);
    });

    it("a replica that hangs delays a write by half a second", async () => {
      await start();
      db.answer = async (_, signal) =>
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      const began = Date.now();
      expect((await put("second")).status).toBe(200);
      expect(Date.now() - began).toBeGreaterThan(450);
      expect(Date.now() - began).toBeLessThan(4000);
      expect(events()).toEqual(["replica_unreachable"]);
    });

    it("a replica behind the caller's bookmark decides nothing", async () => {
      await start();
      const bookmark = bookmarkOf(await put("second"));
      reset();
      expect((await put("third", { cas: 2 }, { "spike-bookmark": bookmark })).status).toBe(200);
      expect(events()).toEqual(["replica_behind"]);
    });
  });

  describe("for reads within a bound", () => {
    const startReads = async () => await start({ ...OPTIONS });

    it("a read costs one near round trip, and may be as old as the bound (H01)", async () => {
      await startReads();
      await put("second");
      reset();
      const answer = await get();
      expect(answer.body).toEqual({ data: { v: "first" } });
      expect(trips()).toEqual({ near: 1, far: [] });
      expect(answer.headers.get("server-timing")).toMatch(/^db;.*"1 round trip", replica;dur=\d+;desc="1 round trip"$/);
    });

    it.each([
      [BOUND_MS, "first"],
      [BOUND_MS + 1, "second"],
    ])("%d ms after its heartbeat, a read returns the %s value (H01)", async (ms, value) => {
      await startReads();
      await put("second");
      db.now += ms;
      reset();
      expect((await get()).body).toEqual({ data: { v: value } });
      expect(events()).toEqual(value === "first" ? [] : ["replica_behind"]);
    });

    it("a revoked workload is served until the bound, and never with the bookmark of the revocation (H01)", async () => {
      await startReads();
      const bookmark = bookmarkOf(await revoke());
      expect((await get()).status).toBe(200);
      expect((await get({ "spike-bookmark": bookmark })).status).toBe(401);
      db.now += BOUND_MS + 1;
      expect((await get()).status).toBe(401);
    });

    it("a client's own write is in its answers if it shows its bookmark", async () => {
      await startReads();
      const bookmark = bookmarkOf(await put("second"));
      const answer = await get({ "spike-bookmark": bookmark });
      expect([answer.body, bookmarkOf(answer)]).toEqual([{ data: { v: "second" } }, bookmark]);
      db.catchUp();
      reset();
      expect((await get({ "spike-bookmark": bookmark })).body).toEqual({ data: { v: "second" } });
      expect(trips()).toEqual({ near: 1, far: [] });
    });

    it("each load of a list is judged, not only the one that decides what the caller may see", async () => {
      await startReads();
      await grant(["list"]);
      const earlier = structuredClone(db.state);
      await put("second");
      db.catchUp();
      let loads = 0;
      db.beforeNear = () => {
        loads += 1;
        if (loads === 2) Object.assign(db.seen, earlier);
      };
      service = await testService(db.store, { ...OPTIONS, platform: { now: () => db.now } });
      reset();
      expect((await (await service.as("/app"))(`${SECRETS}?action=list`, {})).body).toEqual({ keys: ["a"] });
      expect(trips()).toEqual({ near: 2, far: ["load", "load"] });
      expect(events()).toEqual(["replica_behind"]);
    });

    it("a bookmark of another store is refused by the primary, without an alarm about the replica", async () => {
      await startReads();
      const ring = await ringOf(KEY_A);
      const mark = { ...markOf(await db.store.load({}, new AbortController().signal))!, store: "0".repeat(16) };
      const answer = await get({ "spike-bookmark": await formatBookmark(ring, mark) });
      expect(answer).toMatchObject({ status: 409, body: { err: "other_store" } });
      expect(service.log.filter(({ level }) => level === "error")).toEqual([]);
    });

    it("a refusal is decided again by the primary: a grant or a secret that the replica does not know", async () => {
      await start({ ...OPTIONS });
      await service.post(SECRETS, { path: "b", values: { v: "b" } });
      await service.post(POLICY, {
        name: "q",
        spiffeidPattern: "^spiffe://spike\\.ist/new$",
        pathPattern: "^a$",
        permissions: ["read"],
      });
      reset();
      expect((await service.post(GET, { path: "b" })).body).toEqual({ data: { v: "b" } });
      expect((await (await service.as("/new"))(GET, { path: "a" })).status).toBe(200);
      expect((await service.post(GET, { path: "c" })).status).toBe(404);
      expect(trips()).toEqual({ near: 3, far: ["load", "load", "load"] });
      expect(service.log).toEqual([]);
    });

    it.each<[string, (seen: State) => void, string]>([
      ["of another store", (seen) => (seen.store = { ...seen.store, storeId: "f".repeat(32) }), "replica_not_verified"],
      ["without a heartbeat", (seen) => (seen.heartbeat = undefined), "replica_behind"],
      [
        "with an altered heartbeat",
        (seen) => (seen.heartbeat = { ...seen.heartbeat!, at: db.now + 1 }),
        "replica_not_verified",
      ],
      [
        "with a heartbeat of another revision",
        (seen) => (seen.heartbeat = { ...seen.heartbeat!, revision: 2 }),
        "replica_behind",
      ],
      [
        "with a heartbeat of a lost entry",
        (seen) => (seen.heartbeat = { ...seen.heartbeat!, revision: 9 }),
        "replica_behind",
      ],
      ["with a damaged store row", (seen) => (seen.store = { ...seen.store, epoch: 9 }), "replica_not_verified"],
    ])("a replica %s serves nothing", async (_, damage, event) => {
      await startReads();
      await put("second");
      damage(db.seen);
      reset();
      expect((await get()).body).toEqual({ data: { v: "second" } });
      expect(events()).toEqual([event]);
    });

    it("a whole copy of another store, with keys and a heartbeat of its own, serves nothing", async () => {
      const other = new ReplicatedStore();
      const elsewhere = { ...emptyState("f".repeat(32)) };
      Object.assign(other.state, elsewhere);
      db = other;
      await start({ replicaReads: { maxStalenessMs: BOUND_MS, storeId: REPLICATED_STORE_ID } });
      expect((await get()).status).toBe(200);
      expect(service.log).toMatchObject([{ level: "error", event: "replica_of_other_store" }]);
    });

    it("a heartbeat more than a minute ahead of the worker's clock proves nothing, and the next write replaces it", async () => {
      await startReads();
      db.now -= 60_001;
      reset();
      await get();
      expect(events()).toEqual(["replica_behind"]);
      await put("second");
      db.catchUp();
      reset();
      await get();
      expect(trips()).toEqual({ near: 1, far: [] });
    });

    it("a write replaces the heartbeat once it is older than a quarter of the bound", async () => {
      await startReads();
      const beat = () => db.state.heartbeat;
      const first = beat();
      expect(first?.at).toBe(db.now);
      db.now += BOUND_MS / 4;
      await put("second");
      expect(beat()).toEqual(first);
      db.now += 1;
      await put("third");
      expect(beat()).toMatchObject({ at: db.now, revision: db.state.store.revision });
    });

    it("without such reads, a write leaves the heartbeat alone", async () => {
      await start();
      expect(db.state.heartbeat).toBeUndefined();
    });

    it("other reads than those of data go to the primary: audit and status of keys", async () => {
      await startReads();
      for (const target of ["/v1/audit?action=list", "/v1/audit?action=verify", "/v1/operator/status"]) {
        expect((await service.post(target, {})).status).toBe(200);
      }
      expect(db.near).toBe(0);
    });

    it("a replica under other keys serves nothing", async () => {
      await startReads();
      const other = await testService(db.store, { ...OPTIONS, ring: await ringOf(KEY_B) });
      expect((await other.post(GET, { path: "a" })).status).toBe(500);
    });
  });

  describe("/readyz", () => {
    const ready = async () => (await service.fetch(new Request("http://edge.test/readyz"))).status;

    it("writes a heartbeat with the time before its load", async () => {
      const written: number[] = [];
      await start({ writeHeartbeat: async (row) => await Promise.resolve(void written.push(row.at)) });
      const began = db.now;
      db.loadMs = 30;
      expect(await ready()).toBe(200);
      expect(written).toEqual([began]);
    });

    it("writes a heartbeat at most every 10 seconds, and is not ready if that fails", async () => {
      const written: number[] = [];
      let fails = false;
      await start({
        async writeHeartbeat(row) {
          if (fails) throw new StoreUnavailable("timeout", "unknown", "2000 ms");
          written.push(row.at);
          db.state.heartbeat = row;
          await Promise.resolve();
        },
      });
      expect([await ready(), await ready()]).toEqual([200, 200]);
      db.now += 10_000;
      expect(await ready()).toBe(200);
      db.now += 1;
      expect(await ready()).toBe(200);
      expect(written).toEqual([db.now - 10_001, db.now]);
      fails = true;
      expect(await ready()).toBe(200);
      db.now += 10_001;
      expect(await ready()).toBe(503);
      expect(service.log).toMatchObject([{ event: "not_ready", reason: "store_timeout" }]);
    });
  });
});
