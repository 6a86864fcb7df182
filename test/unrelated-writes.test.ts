import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { countingStore, type CountingStore } from "./harness/counting-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { testDomain } from "./harness/identity.ts";
import { type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const policy = (name: string, path: string, pathPattern: string, permissions: readonly string[]) => ({
  name,
  spiffeidPattern: `^spiffe://spike\\.ist${path}$`,
  pathPattern,
  permissions,
});

let database: FileDatabase | undefined;
afterAll(() => database?.close());

/** Something else commits between the load and the commit of a write. */
describe.each(["memory", "libsql"])("a write of a secret (%s)", (kind) => {
  let store: CountingStore;
  let inner: Store;
  let service: TestService;
  let app: Awaited<ReturnType<TestService["as"]>>;
  let meanwhile: ((others: TestService) => Promise<TestAnswer>) | undefined;
  beforeEach(async () => {
    database?.close();
    database = kind === "libsql" ? await fileDatabase() : undefined;
    inner = database ? libsqlStore(database.execute) : memoryStore({ storeId: "s", now: Date.now });
    meanwhile = undefined;
    const others = await testService(inner);
    store = countingStore({
      load: async (query, signal) => await inner.load(query, signal),
      async commit(change, query, signal) {
        const run = meanwhile;
        meanwhile = undefined;
        if (run !== undefined) expect((await run(others)).status).toBe(200);
        return await inner.commit(change, query, signal);
      },
    });
    service = await testService(store);
    await service.post(POLICY, policy("app", "/app", "^app/", ["read", "write"]));
    await service.post(POLICY, policy("delegation", "/delegate", "^spike/system/acl$", ["read", "write"]));
    app = await service.as("/app");
  });

  const put = async () => {
    store.trips = 0;
    const { status } = await app(SECRETS, { path: "app/a", values: { v: "x" } });
    return { status, trips: store.trips };
  };
  const changes: Readonly<Record<string, (others: TestService) => Promise<TestAnswer>>> = {
    "a policy of another workload is put": async (others) =>
      await others.post(POLICY, policy("other", "/other", "^app/", ["read"])),
    "another policy of the same workload is put": async (others) =>
      await others.post(POLICY, policy("more", "/app", "^app/", ["read"])),
    "another policy is deleted": async (others) => await others.post(`${POLICY}?action=delete`, { id: "delegation" }),
    "a trust bundle is put": async (others) =>
      await others.post("/v1/trust/bundle", { trustDomain: "b.org", bundle: (await testDomain("b.org")).bundle }),
    "a delegate puts a policy": async (others) =>
      await (
        await others.as("/delegate")
      )(POLICY, policy("theirs", "/x", "^x$", ["read"])),
    "another secret is put": async (others) => await others.post(SECRETS, { path: "app/b", values: {} }),
  };

  it.each(Object.entries(changes))("takes two round trips although %s (H13)", async (_, change) => {
    meanwhile = change;
    expect(await put()).toEqual({ status: 200, trips: 2 });
    expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [] });
  });

  it("is decided again if the policy that permits it is put, and refused if that is revoked", async () => {
    meanwhile = async (others) => await others.post(POLICY, policy("app", "/app", "^app/a$", ["write"]));
    expect(await put()).toEqual({ status: 200, trips: 3 });
    meanwhile = async (others) => await others.post(`${POLICY}?action=delete`, { id: "app" });
    expect(await put()).toEqual({ status: 401, trips: 2 });
  });

  it("is decided again if another policy replaces the one that permitted it", async () => {
    await service.post(POLICY, policy("second", "/app", "^app/", ["write"]));
    for (const id of ["app", "second"]) {
      await service.post(POLICY, policy("app", "/app", "^app/", ["write"]));
      await service.post(POLICY, policy("second", "/app", "^app/", ["write"]));
      meanwhile = async (others) => await others.post(`${POLICY}?action=delete`, { id });
      expect((await put()).status).toBe(200);
    }
  });

  const RAISED = "is a 503 if the schema is raised by two versions meanwhile, and goes on if it is raised by one (Q39)";
  it.skipIf(kind === "memory")(RAISED, async () => {
    const raise = async (others: TestService) => {
      const answer = await others.post(`${POLICY}?action=get`, { id: "app" });
      await database?.client.execute("UPDATE store SET schema_version = schema_version + 1");
      return answer;
    };
    meanwhile = raise;
    // The commit loses, and is decided again.
    expect(await put()).toEqual({ status: 200, trips: 3 });
    meanwhile = raise;
    expect((await put()).status).toBe(503);
    const rows = await database?.client.execute("SELECT count(*) FROM audit WHERE resource = 'secret:app/a'");
    expect(rows?.rows[0]?.[0]).toBe(1);
  });
});
