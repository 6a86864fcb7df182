import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Query, Store } from "../src/store/store.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";

/** A store that runs another query than it was given, or returns something else. */
function lyingStore(
  inner: Store,
  lie: { query?: (query: Query) => Query; answer?: (answer: object) => object },
): Store {
  const { query: change = (query) => query, answer = (same) => same } = lie;
  return {
    load: async (query, signal) => answer(await inner.load(change(query), signal)) as never,
    commit: async (change, query, signal) => await inner.commit(change, query, signal),
  };
}

describe("authentic rows in the wrong place", () => {
  let inner: Store;
  let honest: TestService;
  let clock: number;
  beforeEach(async () => {
    clock = Date.now();
    inner = memoryStore({ storeId: "s", now: () => clock });
    honest = await testService(inner);
    await honest.post(SECRETS, { path: "prod/root", values: { v: "TOP" } });
    await honest.post(SECRETS, { path: "guest", values: { v: "low" } });
  });
  const refused = { status: 500, body: { err: "api_internal_error" } };

  it("are refused if they are rows of another path, for reads, metadata and writes of existing and missing paths", async () => {
    const swap = (query: Query): Query =>
      query.secret === undefined ? query : { ...query, secret: { ...query.secret, path: "prod/root" } };
    const service = await testService(lyingStore(inner, { query: swap }));
    for (const path of ["guest", "prod/ROOT", "never/existed"]) {
      expect(await service.post(`${SECRETS}?action=get`, { path }), path).toMatchObject(refused);
      expect(await service.post(`${SECRETS}?action=get`, { path, version: 1 })).toMatchObject(refused);
      expect(await service.post("/v1/store/secrets/metadata?action=get", { path })).toMatchObject(refused);
      expect(await service.post(`${SECRETS}?action=delete`, { path })).toMatchObject(refused);
    }
    expect(service.log.every((line) => line.reason === "seal_inconsistent")).toBe(true);
  });

  it("are refused if they are a policy or a trust bundle of another name", async () => {
    const policy = (name: string) => ({
      name,
      spiffeidPattern: "^spiffe://d/a$",
      pathPattern: "^a/",
      permissions: ["read"],
    });
    for (const name of ["one", "two"]) expect((await honest.post("/v1/acl/policy", policy(name))).status).toBe(200);
    for (const trustDomain of ["one.org", "two.org"]) {
      expect((await honest.post("/v1/trust/bundle", { trustDomain, bundle: { keys: [] } })).status).toBe(200);
    }
    const swap = (query: Query): Query => ({
      ...query,
      ...(query.policy && { policy: { ...query.policy, name: "two" } }),
      ...(query.bundle && { bundle: { ...query.bundle, trustDomain: "two.org" } }),
    });
    const service = await testService(lyingStore(inner, { query: swap }));
    expect(await service.post("/v1/acl/policy?action=get", { id: "one" })).toMatchObject(refused);
    expect(await service.post("/v1/acl/policy?action=delete", { id: "one" })).toMatchObject(refused);
    expect(await service.post("/v1/trust/bundle?action=get", { trustDomain: "one.org" })).toMatchObject(refused);
    expect(await service.post("/v1/trust/bundle?action=delete", { trustDomain: "one.org" })).toMatchObject(refused);
    expect(service.log.every((line) => line.reason === "seal_inconsistent")).toBe(true);
  });

  it("are refused if they prove an absence by the removal of another path", async () => {
    const hide = (answer: object): object => ({
      ...answer,
      secret: { head: undefined, states: [], version: undefined, tail: undefined },
    });
    const blind = await testService(lyingStore(inner, { answer: hide }));
    // Rows that are left out completely look like rows that never existed. A write over them loses.
    expect((await blind.post(`${SECRETS}?action=get`, { path: "guest" })).status).toBe(404);
    const tail = (answer: object): object => ({
      ...answer,
      secret: { head: undefined, states: [], version: undefined, tail: { ...tailOf(answer), resource: "secret:x" } },
    });
    const service = await testService(lyingStore(inner, { answer: tail }));
    expect(await service.post(`${SECRETS}?action=get`, { path: "guest" })).toMatchObject(refused);
  });

  it("are refused if they are the audit entry of another write", async () => {
    const first = await inner.load({ audit: { after: 0, limit: 1 } }, new AbortController().signal);
    const service = await testService(
      lyingStore(inner, { answer: (answer) => ({ ...answer, replay: first.audit.rows[0] }) }),
    );
    const again = { path: "prod/root", values: { v: "TOP" } };
    expect(await service.post(SECRETS, again)).toMatchObject(refused);
    expect(await service.post(SECRETS, again, { headers: { "Idempotency-Key": "k" } })).toMatchObject(refused);
  });

  it("are refused if they are a list that does not match the query", async () => {
    const lists = [["b", "a"], ["a", "a"], ["a", "x\u0000"], ["z"], ["a/1", "a/2", "a/3"], ["a"]];
    for (const [index, rows] of lists.entries()) {
      const paths = { rows, more: false, changed: false };
      const service = await testService(lyingStore(inner, { answer: (answer) => ({ ...answer, paths }) }));
      const body = index < 3 ? {} : index === 5 ? { after: "a" } : { prefix: "a/", limit: 2 };
      const answer = await service.post(`${SECRETS}?action=list`, body);
      expect(answer, JSON.stringify(paths)).toMatchObject({ status: 500, body: { keys: null } });
    }
    const endless = { rows: [], more: true, changed: false };
    const service = await testService(lyingStore(inner, { answer: (answer) => ({ ...answer, paths: endless }) }));
    expect(await service.post(`${SECRETS}?action=list`, {})).toMatchObject({ status: 500, body: { keys: null } });
  });

  it("do not include a deleted value after the clock was set back", async () => {
    await honest.post(SECRETS, { path: "guest", values: { v: "leaked" } });
    await honest.post(`${SECRETS}?action=delete`, { path: "guest", versions: [1, 2] });
    clock -= 60_000;
    expect((await honest.post(`${SECRETS}?action=get`, { path: "guest", version: 2 })).status).toBe(404);
    expect((await honest.post(`${SECRETS}?action=get`, { path: "guest" })).status).toBe(404);
    const metadata = await honest.post("/v1/store/secrets/metadata?action=get", { path: "guest" });
    expect(metadata.body["metadata"]).toMatchObject({ currentVersion: 0, oldestVersion: 0 });
  });
});

function tailOf(answer: object): object {
  return (answer as { secret: { tail: object } }).secret.tail;
}

describe("a falsified answer of the database", () => {
  let database: HttpDatabase;
  let service: TestService;
  let alterRequest = (body: string): string => body;
  let alterAnswer = (body: string): { status?: number; body: string } => ({ body });
  let redirects: unknown[] = [];
  beforeAll(async () => {
    database = await httpDatabase();
    const altering = async (request: Request, init: RequestInit): Promise<Response> => {
      redirects.push(init.redirect);
      const body = alterRequest(await request.text());
      const { url, method, headers } = request;
      const response = await fetch(url, { method, headers, ...init, body });
      const { status = 200, body: answer } = alterAnswer(await response.text());
      return new Response(answer, { status, headers: { "content-type": "application/json" } });
    };
    service = await testService(libsqlStore(remoteExecute({ url: database.url }, altering)), { requestTimeoutMs: 600 });
    await service.post(SECRETS, { path: "a", values: { v: "1" } });
  });
  afterAll(async () => await database.close());
  beforeEach(() => {
    alterRequest = (body) => body;
    alterAnswer = (body) => ({ body });
    redirects = [];
  });
  const put = async () => await service.post(SECRETS, { path: "a", values: { v: "2" } });
  const versions = async () => {
    alterRequest = (body) => body;
    alterAnswer = (body) => ({ body });
    const { body } = await service.post("/v1/store/secrets/metadata?action=get", { path: "a" });
    return Object.keys(body["versions"] as object).length;
  };
  type Answered = {
    results: { response: { result?: { step_results?: { rows: { type: string; value: string }[][] }[] } } }[];
  };
  type Step = { stmt: { sql?: string }; condition?: object };

  it("whose COMMIT was skipped acknowledges nothing", async () => {
    const before = await versions();
    alterRequest = (text) => {
      const pipeline = JSON.parse(text) as { requests: { type: string; batch?: { steps: Step[] } }[] };
      for (const { batch } of pipeline.requests) {
        const commit = batch?.steps.find((step) => step.stmt.sql === "COMMIT");
        if (commit && text.includes("BEGIN IMMEDIATE")) commit.condition = { type: "error", step: 0 };
      }
      return JSON.stringify(pipeline);
    };
    expect((await put()).status).toBe(503);
    expect(await versions()).toBe(before);
  });

  it("with an error status leaves the outcome unknown, whatever its body contains", async () => {
    const before = await versions();
    alterAnswer = () => ({ status: 502, body: '{"message":"busy","code":"SQLITE_BUSY"}' });
    expect((await put()).status).toBe(503);
    expect(service.log.at(-1)).toMatchObject({ reason: "store_deadline" });
    expect(await versions()).toBeGreaterThanOrEqual(before);
  });

  it("with a win that its own snapshot does not show is not trusted", async () => {
    alterAnswer = (text) => {
      const answer = JSON.parse(text) as Answered;
      for (const { response } of answer.results) {
        // The first statement of a write is the gate, which returns the revision.
        const gate = response.result?.step_results?.[1]?.rows[0]?.[0];
        if (gate?.type === "integer") gate.value = String(Number(gate.value) + 1);
      }
      return { body: JSON.stringify(answer) };
    };
    expect((await put()).status).toBe(200);
    // Load, commit, and a second load, which finds the entry of the commit.
    expect(redirects).toHaveLength(3);
  });

  it("with a redirect is not followed, and only a 200 is read", async () => {
    await put();
    expect(new Set(redirects)).toEqual(new Set(["manual"]));
    alterAnswer = (body) => ({ status: 307, body });
    expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).status).toBe(503);
  });
});

describe("a caller that never finishes its request body", () => {
  it("gets a 408 at the deadline, before it is authenticated (Q13)", async () => {
    const service = await testService(memoryStore({ storeId: "s", now: Date.now }), { requestTimeoutMs: 150 });
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"path"')) });
    const began = performance.now();
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const response = await service.fetch(new Request(`http://edge.test${SECRETS}`, init));
    expect(response.status).toBe(408);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
