import { beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../src/api/service.ts";
import { emptyState, memoryStore } from "../src/store/memory/memory-store.ts";
import { REPLICATED_STORE_ID, ReplicatedStore } from "./harness/replicated-store.ts";
import { type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const GET = `${SECRETS}?action=get`;
const LIST = `${SECRETS}?action=list`;
const POLICY = "/v1/acl/policy";
const BOUND_MS = 60_000;
const OPTIONS = { replicaReads: { maxStalenessMs: BOUND_MS, storeId: REPLICATED_STORE_ID } } as const;

describe("a service beside a replica that lags, lies or has another history", () => {
  let db: ReplicatedStore;
  let service: TestService;
  beforeEach(() => {
    db = new ReplicatedStore();
  });
  const start = async (options: Partial<Pick<Service, "replicaReads" | "rateLimits">> = {}): Promise<void> => {
    service = await testService(db.store, { ...options, platform: { now: () => db.now } });
  };
  const put = async (text: string, more: object = {}, headers = {}) =>
    await service.post(SECRETS, { path: "a", values: { v: text }, ...more }, { headers });
  const get = async (headers = {}) => await service.post(GET, { path: "a" }, { headers });
  const grant = async (permissions: readonly string[], pathPattern = "^a$", name = "p") =>
    await service.post(POLICY, { name, spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern, permissions });
  const revoke = async () => await service.post(`${POLICY}?action=delete`, { id: "p" });
  const bookmarkOf = (answer: TestAnswer): string => answer.headers.get("spike-bookmark")!;
  const events = () => service.log.map(({ event }) => event);

  it("refuses a write with a bookmark of a commit that only the replica still has (H03)", async () => {
    await start();
    await put("1");
    const before = db.copy();
    const bookmark = bookmarkOf(await put("lost"));
    db.catchUp();
    // The primary loses the last commit, and another client takes its number.
    db.restore(before);
    db.hasReplica = false;
    await put("other");
    db.hasReplica = true;
    const answer = await put("mine", { cas: 2 }, { "spike-bookmark": bookmark });
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining("store_went_back")]);
    expect((await get()).body).toEqual({ data: { v: "other" } });
  });

  it("decides a write again if the replica still has a commit that the primary has lost (H14)", async () => {
    await start();
    await put("1");
    const before = db.copy();
    await put("lost");
    db.catchUp();
    db.restore(before);
    db.hasReplica = false;
    await put("other");
    db.hasReplica = true;
    await put("mine");
    expect((await service.post(GET, { path: "a", version: 2 })).body).toEqual({ data: { v: "other" } });
    expect((await get()).body).toEqual({ data: { v: "mine" } });
  });

  it("judges the bookmark of a list within a scope, and answers with one", async () => {
    await start();
    const other = await testService(memoryStore({ storeId: "t", now: Date.now }));
    const bookmark = bookmarkOf(await other.post(SECRETS, { path: "a", values: {} }));
    await put("1");
    await grant(["list"], "^a");
    const app = await service.as("/app");
    expect((await app(LIST, {})).body).toEqual({ keys: ["a"] });
    expect((await app(LIST, {}, { "spike-bookmark": "none" })).headers.get("spike-bookmark")).not.toBeNull();
    expect(await app(LIST, {}, { "spike-bookmark": bookmark })).toMatchObject({
      status: 409,
      body: { err: "other_store" },
    });
  });

  it("raises no alarm for a bookmark if a policy is put during a list within a scope", async () => {
    await start();
    await put("1");
    await grant(["list"], "^a");
    const bookmark = bookmarkOf(await put("2"));
    await put("3");
    db.hasReplica = false;
    const app = await service.as("/app");
    let loads = 0;
    db.beforeLoad = async () => {
      loads += 1;
      if (loads !== 2) return;
      db.beforeLoad = undefined;
      await grant(["read"], "^z", "q");
    };
    const answer = await app(LIST, {}, { "spike-bookmark": bookmark });
    expect([answer.status, answer.body, events()]).toEqual([200, { keys: ["a"] }, []]);
  });

  it("refuses a request that is repeated after its permission was revoked, although the replica still has it (H01)", async () => {
    await start();
    await put("1");
    await grant(["write"]);
    db.catchUp();
    const app = await service.as("/app");
    const write = async () => await app(SECRETS, { path: "a", values: { v: "w" } }, { "idempotency-key": "k" });
    expect((await write()).status).toBe(200);
    await revoke();
    expect((await write()).status).toBe(401);
  });

  it("does not serve a revoked caller from an old state with a newer heartbeat (H01)", async () => {
    await start(OPTIONS);
    await put("1");
    await service.post(SECRETS, { path: "b", values: {} });
    await grant(["read"]);
    db.catchUp();
    const old = db.copy();
    await revoke();
    db.now += BOUND_MS;
    await put("2"); // decided near, on the epoch before the revocation
    // A dishonest replica keeps the old state, with the new heartbeat and its entry under another number.
    const beat = db.state.heartbeat!;
    const entry = db.state.audit.find(({ revision }) => revision === beat.revision)!;
    const audit = old.audit.map((each) =>
      each.revision === 2 ? { ...entry, revision: 2, resource: "secret:b" } : each,
    );
    db.seen = { ...old, heartbeat: { ...beat, revision: 2 }, audit };
    const app = await service.as("/app");
    db.now += BOUND_MS;
    const status = (await app(GET, { path: "a" })).status;
    expect([status, events()]).toEqual([401, ["replica_behind"]]);
  });

  it("has a heartbeat of the new generation at once (H12)", async () => {
    await start(OPTIONS);
    await put("1");
    db.now += 1000;
    await service.post("/v1/operator/store?action=restored", { beyond: 10 });
    db.catchUp();
    await get();
    expect(events()).toEqual([]);
  });

  it("logs that the replica is a copy of another store when it writes", async () => {
    await start();
    await put("1");
    const elsewhere = emptyState("f".repeat(32));
    const other = await testService(memoryStore({ storeId: "f".repeat(32), now: () => db.now, state: elsewhere }));
    await other.post(SECRETS, { path: "a", values: {} });
    db.seen = elsewhere;
    expect((await put("2")).status).toBe(200);
    expect(events()).toEqual(["replica_of_other_store"]);
  });

  it("never lists from an older state than before, below the bookmark of the request (H14)", async () => {
    await start(OPTIONS);
    db.hasReplica = false;
    const long = (n: number) => `p/${String(n).padStart(4, "0")}`;
    for (let n = 0; n < 150; n += 1) await service.post(SECRETS, { path: long(n), values: {} });
    await grant(["list"], "^p/[0-9]*9$");
    const old = db.copy();
    const bookmark = bookmarkOf(await service.post(SECRETS, { path: "p/9999", values: {} }));
    db.hasReplica = true;
    db.catchUp();
    const newer = db.seen;
    let loads = 0;
    db.beforeNear = () => {
      loads += 1;
      db.seen = loads <= 2 ? newer : old;
    };
    const app = await service.as("/app");
    db.near = 0;
    const answer = await app(LIST, { limit: 20 }, { "spike-bookmark": bookmark });
    expect([answer.status, (answer.body["keys"] as string[]).length, (answer.body["keys"] as string[]).at(-1)]).toEqual(
      [200, 16, "p/9999"],
    );
    expect(db.near).toBeGreaterThan(2);
  });

  it("does not commit what only a replaced policy permits, which the replica shows under its new row version", async () => {
    await start();
    await put("1");
    await grant(["write"]);
    const old = db.copy();
    await grant(["read"]);
    const current = db.copy();
    const policy = { ...old.policies.get("p")!, version: current.policies.get("p")!.version };
    const policies = new Map(old.policies).set("p", policy);
    db.seen = { ...old, policies, store: { ...old.store, revision: current.store.revision }, audit: current.audit };
    const app = await service.as("/app");
    const answer = await app(SECRETS, { path: "a", values: { v: "evil" } });
    expect([answer.status, answer.text]).toEqual([401, expect.anything()]);
  });

  it("does not commit what was decided on an old head, which the replica shows under its new row version", async () => {
    await start();
    await put("1");
    const old = db.copy();
    await put("2");
    await grant(["write"]);
    const current = db.copy();
    const found = old.secrets.get("a")!;
    const secrets = new Map([["a", { ...found, head: { ...found.head, version: 2 } }]]);
    const [first, , third] = current.audit;
    db.seen = { ...current, secrets, audit: [{ ...first!, revision: 2 }, third!] };
    const answer = await service.post(`${SECRETS}?action=delete`, { path: "a", cas: 1 });
    expect([answer.status, answer.text]).toEqual([409, expect.anything()]);
    expect((await get()).body).toEqual({ data: { v: "2" } });
  });

  it("keeps a secret whose version differs, if it is damaged only at the replica", async () => {
    await start();
    await put("1");
    await put("2");
    db.catchUp();
    const { head, versions } = db.seen.secrets.get("a")!;
    db.seen.secrets.set("a", { head: { ...head, latest: 1 }, versions });
    const answer = await service.post(`${SECRETS}?action=remove`, { path: "a", cas: 1 });
    expect([answer.status, answer.body]).toEqual([409, { err: "version_conflict" }]);
    expect((await get()).status).toBe(200);
  });

  it.each(["damaged", "hidden"])(
    "deletes a policy as the primary has it, if only the replica has it %s",
    async (what) => {
      await start();
      await grant(["read"]);
      await grant(["read", "list"]);
      db.catchUp();
      if (what === "hidden") db.seen.policies.delete("p");
      else db.seen.policies.set("p", { ...db.seen.policies.get("p")!, version: 1 });
      const cas = what === "hidden" ? {} : { cas: 1 };
      const answer = await service.post(`${POLICY}?action=delete`, { id: "p", ...cas });
      expect(answer.status).toBe(what === "hidden" ? 200 : 409);
      expect(db.state.policies.size).toBe(what === "hidden" ? 0 : 1);
    },
  );

  it("compares the version of a policy that is damaged only at the replica", async () => {
    await start();
    await grant(["read"]);
    await grant(["read", "list"]);
    db.catchUp();
    db.seen.policies.set("p", { ...db.seen.policies.get("p")!, version: 1, idTag: new Uint8Array(32) });
    const answer = await service.post(POLICY, {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/y$",
      pathPattern: "^a$",
      permissions: ["read"],
      cas: 1,
    });
    expect(answer.status).toBe(409);
  });

  it("logs no fault of the replica if the client hangs up", async () => {
    await start(OPTIONS);
    await put("1");
    db.catchUp();
    const abort = new AbortController();
    db.beforeNear = () => abort.abort();
    await service.post(GET, { path: "a" }, { signal: abort.signal });
    await service.post(SECRETS, { path: "a", values: {} }, { signal: abort.signal });
    expect(service.log.filter(({ event }) => event.startsWith("replica"))).toEqual([]);
  });

  it("raises an alarm for a lost entry that was written after the last acknowledgement", async () => {
    await start();
    db.hasReplica = false;
    for (let n = 0; n < 3; n += 1) await put(String(n));
    db.state.audit = db.state.audit.filter(({ revision }) => revision !== 2);
    const { body } = await service.post("/v1/audit?action=verify", {});
    const acknowledged = await service.post("/v1/audit?action=acknowledge", {
      upTo: body["revision"],
      digest: body["digest"],
    });
    expect([acknowledged.status, acknowledged.text]).toEqual([200, expect.anything()]);
    const bookmark = bookmarkOf(await put("newer"));
    await put("newest");
    db.state.audit = db.state.audit.filter(({ revision }) => revision !== 5);
    const answer = await get({ "spike-bookmark": bookmark });
    expect([answer.status, answer.body["err"], events()]).toEqual([500, "store_went_back", ["store_went_back"]]);
  });
});
