import { beforeEach, describe, expect, it } from "vitest";
import { emptyState, memoryStore } from "../src/store/memory/memory-store.ts";
import type { State } from "../src/store/memory/state.ts";
import { fetchedKeys } from "../src/seal/key-source.ts";
import { KEY_A, KEY_B, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const GET = `${SECRETS}?action=get`;
const POLICY = "/v1/acl/policy";
const HEADER = "spike-bookmark";

const READERS = { name: "readers", spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^a$" } as const;

/** Copies what is stored. */
const copyOf = (state: State): State => structuredClone(state);

describe("bookmarks", () => {
  let state: State;
  let service: TestService;
  let app: Awaited<ReturnType<TestService["as"]>>;
  let keys: string;
  beforeEach(async () => {
    state = emptyState("s");
    keys = KEY_A;
    const store = memoryStore({ storeId: "s", now: Date.now, state });
    service = await testService(store, { keys: fetchedKeys(async () => await Promise.resolve(keys)) });
    app = await service.as("/app");
  });

  const restore = (to: State): void => void Object.assign(state, copyOf(to), { store: to.store });
  const bookmarkOf = (answer: TestAnswer): string => {
    expect(answer.status, answer.text).toBe(200);
    const bookmark = answer.headers.get(HEADER);
    expect(bookmark).toMatch(/^[A-Za-z\d]{200,300}={0,2}$/);
    return bookmark!;
  };
  const revisionOf = (bookmark: string): number => Number(atob(bookmark).split(":")[2]);
  const put = async (text = "v", headers = {}) =>
    await service.post(SECRETS, { path: "a", values: { v: text } }, { headers });
  const grant = async (permissions: readonly string[]) => await service.post(POLICY, { ...READERS, permissions });
  const revoke = async () => await service.post(`${POLICY}?action=delete`, { id: READERS.name });
  const get = async (bookmark?: string) =>
    await app(GET, { path: "a" }, bookmark === undefined ? {} : { [HEADER]: bookmark });
  const alarms = () => service.log.filter(({ event }) => event === "store_went_back" || event === "store_behind");

  it("come with each acknowledged write, and with a permitted read that has one or wants one", async () => {
    expect(revisionOf(bookmarkOf(await put()))).toBe(1);
    const granted = bookmarkOf(await grant(["read"]));
    expect(revisionOf(granted)).toBe(2);
    expect((await get()).headers.get(HEADER)).toBeNull();
    expect(revisionOf(bookmarkOf(await get("none")))).toBe(2);
    expect(bookmarkOf(await get(granted))).toBe(granted);
    expect(bookmarkOf(await get(`${granted}, ${granted}`))).toBe(granted);
    const missing = await service.post(GET, { path: "b" }, { headers: { [HEADER]: "none" } });
    expect([missing.status, missing.headers.get(HEADER)]).toEqual([404, granted]);
  });

  it("come with the list of a workload, and are judged by each of its loads", async () => {
    bookmarkOf(await put());
    const granted = bookmarkOf(await grant(["list"]));
    const newest = bookmarkOf(await put("w"));
    const list = async (bookmark: string) => await app(`${SECRETS}?action=list`, {}, { [HEADER]: bookmark });
    expect(bookmarkOf(await list("none"))).toBe(newest);
    expect((await list(granted)).body).toEqual({ keys: ["a"] });
    expect(bookmarkOf(await list(granted))).toBe(newest);
    expect(alarms()).toEqual([]);
  });

  it("come with a write that is sent again, and let it read what it wrote", async () => {
    const first = bookmarkOf(await put("v", { "idempotency-key": "k" }));
    bookmarkOf(await put("w"));
    const again = bookmarkOf(await put("v", { "idempotency-key": "k" }));
    expect([revisionOf(first), revisionOf(again)]).toEqual([1, 2]);
  });

  it("never come with a 401, nor from an empty store", async () => {
    const empty = await service.post(GET, { path: "a" }, { headers: { [HEADER]: "none" } });
    expect([empty.status, empty.headers.get(HEADER)]).toEqual([404, null]);
    const bookmark = bookmarkOf(await put());
    for (const shown of ["none", bookmark]) {
      const denied = await get(shown);
      expect([denied.status, denied.headers.get(HEADER)]).toEqual([401, null]);
    }
  });

  it.each([
    ["", "an empty header"],
    ["x", "no bookmark"],
    ["none, none, none", "three"],
    ["none,none", "two without a bookmark"],
  ])("%j is refused with the name of the header, and changes nothing", async (text) => {
    await put();
    const answer = await put("w", { [HEADER]: text });
    expect(answer).toMatchObject({
      status: 400,
      body: { err: "api_bad_request", reason: { member: "Spike-Bookmark" } },
    });
    expect(state.store.revision).toBe(1);
    expect((await get(text)).status).toBe(401);
  });

  it("of a newest commit that the database has dropped, a revocation, are not served, with an alarm (H03)", async () => {
    await put();
    await grant(["read"]);
    const before = copyOf(state);
    const bookmark = bookmarkOf(await revoke());
    expect((await get(bookmark)).status).toBe(401);
    restore(before);
    expect((await get()).status).toBe(200);
    expect(await get(bookmark)).toMatchObject({ status: 503, body: { err: "store_behind" } });
    expect(alarms()).toMatchObject([{ level: "error", event: "store_behind" }]);
    // The next honest write takes the number of the lost one.
    await put("w");
    expect((await get()).status).toBe(200);
    const answer = await get(bookmark);
    expect(answer).toMatchObject({ status: 500, body: { err: "store_went_back" } });
    expect(answer.headers.get(HEADER)).toBeNull();
    expect(alarms()).toHaveLength(2);
    const write = await put("x", { [HEADER]: bookmark });
    expect(write).toMatchObject({ status: 500, body: { err: "store_went_back" } });
    expect(state.store.revision).toBe(3);
  });

  it("refuse a store in which another authority commit took the place of the acknowledged one (H03)", async () => {
    await put();
    await grant(["read"]);
    const before = copyOf(state);
    const bookmark = bookmarkOf(await revoke());
    restore(before);
    await grant(["read", "list"]);
    expect(state.store).toMatchObject({ revision: 3, epoch: 2 });
    expect((await get()).status).toBe(200);
    expect(await get(bookmark)).toMatchObject({ status: 500, body: { err: "store_went_back" } });
  });

  it("refuse a store that went back before they look at permissions", async () => {
    await put();
    const before = copyOf(state);
    const bookmark = bookmarkOf(await grant(["read"]));
    restore(before);
    expect((await get()).status).toBe(401);
    expect(await get(bookmark)).toMatchObject({ status: 503, body: { err: "store_behind" } });
  });

  it("of another store are refused to permitted callers, and change nothing", async () => {
    const other = await testService(memoryStore({ storeId: "t", now: Date.now }), {
      keys: fetchedKeys(async () => await Promise.resolve(keys)),
    });
    const bookmark = bookmarkOf(await other.post(SECRETS, { path: "a", values: {} }));
    await put();
    expect(await put("w", { [HEADER]: bookmark })).toMatchObject({ status: 409, body: { err: "other_store" } });
    expect((await get(bookmark)).status).toBe(401);
    expect(state.store.revision).toBe(1);
    expect(alarms()).toEqual([]);
  });

  it("under a key that has left the ring have expired, without an alarm", async () => {
    keys = KEY_B;
    await grant(["read"]);
    const early = bookmarkOf(await put());
    keys = `${KEY_A},${KEY_B}`;
    expect((await service.post("/v1/operator/register", { keyId: "a" })).status).toBe(200);
    const late = bookmarkOf(await put());
    for (let after: unknown = ""; after !== undefined;) {
      after = (await service.post("/v1/operator/rewrap", { after })).body["next"];
    }
    expect((await get(early)).status).toBe(200);
    keys = KEY_A;
    expect((await get(late)).status).toBe(200);
    expect(await get(early)).toMatchObject({ status: 409, body: { err: "bookmark_expired" } });
    const before = state.store.revision;
    expect((await put("w", { [HEADER]: `${late},${early}` })).body).toMatchObject({ err: "bookmark_expired" });
    expect(state.store.revision).toBe(before);
    expect(alarms()).toEqual([]);
  });

  it("are judged within the one database request of a read, and the two of a write", async () => {
    const bookmark = bookmarkOf(await put());
    await grant(["read"]);
    service.audit.length = 0;
    await get(bookmark);
    await put("w", { [HEADER]: bookmark });
    expect(service.audit.map(({ roundTrips }) => roundTrips)).toEqual([1, 2]);
  });

  it("with verify show whether everything since continues them", async () => {
    const bookmark = bookmarkOf(await put());
    const before = copyOf(state);
    await put("w");
    const lost = bookmarkOf(await put("x"));
    const verify = async (shown: string) =>
      await service.post("/v1/audit?action=verify", {}, { headers: { [HEADER]: shown } });
    expect(await verify(bookmark)).toMatchObject({ status: 200, body: { problems: [] } });
    expect(await verify(lost)).toMatchObject({ status: 200 });
    restore(before);
    expect(await verify(bookmark)).toMatchObject({ status: 200 });
    expect(await verify(lost)).toMatchObject({ status: 503, body: { err: "store_behind" } });
    await put("y");
    await put("z");
    expect(await verify(lost)).toMatchObject({ status: 500, body: { err: "store_went_back" } });
  });
});
