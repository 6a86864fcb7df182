import { createClient } from "@libsql/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { buildWorker } from "../tools/workerd/build-worker.ts";
import { startWorker } from "../tools/workerd/start-worker.ts";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const METADATA = "/v1/store/secrets/metadata";
const POLICY = "/v1/acl/policy";
const ZERO = "0001-01-01T00:00:00Z";

interface Operation {
  readonly target: string;
  /** A body that succeeds with the store that `beforeAll` fills. */
  readonly good: object;
  readonly answer: object;
  /** The members beside `err` in errors: the zero value of the response type in Go. */
  readonly around: object;
  /** A field of the wrong type, and one with an invalid value. */
  readonly wrongType: object;
  readonly wrongValue: object;
  readonly notFound?: object;
  readonly conflict?: object;
}

const anyTime = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const policy = { spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a/", permissions: ["read"] };
const number = expect.any(Number);

/** Reference: SPIKE's reqres types; statuses of sections 1.3 and 1.4 of its contract. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "put secret": {
    target: SECRETS,
    good: { path: "new", values: { k: "v" } },
    answer: { version: 1, revision: number },
    around: {},
    wrongType: { path: "a", values: { k: 1 } },
    wrongValue: { path: "a", values: { "a.b": "v" } },
    conflict: { path: "a", values: {}, cas: 7 },
  },
  "get secret": {
    target: `${SECRETS}?action=get`,
    good: { path: "a" },
    answer: { data: { k: "v" } },
    around: { data: null },
    wrongType: { path: "a", version: "1" },
    wrongValue: { path: "a b" },
    notFound: { path: "none" },
  },
  "get a version that is deleted": {
    target: `${SECRETS}?action=get`,
    good: { path: "a", version: 1 },
    answer: { data: { k: "v" } },
    around: { data: null },
    wrongType: { path: "a", version: 1.5 },
    wrongValue: { path: "" },
    notFound: { path: "gone", version: 1 },
  },
  "get a secret that is deleted": {
    target: `${SECRETS}?action=get`,
    good: { path: "a" },
    answer: { data: { k: "v" } },
    around: { data: null },
    wrongType: { path: ["a"] },
    wrongValue: { path: "a$" },
    notFound: { path: "gone" },
  },
  "delete secret": {
    target: `${SECRETS}?action=delete`,
    good: { path: "a", versions: [99] },
    answer: {
      version: 1,
      revision: number,
      warnings: ["These versions do not exist, so nothing was done about them: 99."],
    },
    around: {},
    wrongType: { path: "a", versions: "1" },
    wrongValue: { path: "a%" },
    notFound: { path: "none" },
    conflict: { path: "a", cas: 7 },
  },
  "undelete secret": {
    target: `${SECRETS}?action=undelete`,
    good: { path: "gone", versions: [1] },
    answer: { version: 1, revision: number },
    around: {},
    wrongType: { path: "a", versions: [true] },
    wrongValue: { path: "x".repeat(501) },
    notFound: { path: "a", versions: [1] },
    conflict: { path: "gone", cas: 7 },
  },
  "remove secret": {
    target: `${SECRETS}?action=remove`,
    good: { path: "removed" },
    answer: { version: 0, revision: number },
    around: {},
    wrongType: { path: "a", cas: "1" },
    wrongValue: { path: "a", versions: [1] },
    notFound: { path: "none" },
    conflict: { path: "a", cas: 7 },
  },
  "list secrets": {
    target: `${SECRETS}?action=list`,
    good: { prefix: "go" },
    answer: { keys: ["gone"] },
    around: { keys: null },
    wrongType: { limit: "1" },
    wrongValue: { limit: -1 },
  },
  "secret metadata": {
    target: `${METADATA}?action=get`,
    good: { path: "a" },
    answer: {
      versions: { "1": { createdTime: anyTime, version: 1, deletedTime: null } },
      metadata: { currentVersion: 1, oldestVersion: 1, createdTime: anyTime, updatedTime: anyTime, maxVersions: 10 },
    },
    around: {
      metadata: { currentVersion: 0, oldestVersion: 0, createdTime: ZERO, updatedTime: ZERO, maxVersions: 0 },
    },
    wrongType: { path: 1 },
    wrongValue: { path: "ä" },
    notFound: { path: "none" },
  },
  "put policy": {
    target: POLICY,
    good: { name: "new", ...policy },
    answer: { id: "new", version: number, revision: number, warnings: [] },
    around: {},
    wrongType: { name: "new", ...policy, permissions: "read" },
    wrongValue: { name: "new", ...policy, pathPattern: "(" },
    conflict: { name: "p", ...policy, cas: 999 },
  },
  "get policy": {
    target: `${POLICY}?action=get`,
    good: { id: "p" },
    answer: {
      id: "p",
      name: "p",
      spiffiedPattern: policy.spiffeidPattern,
      spiffeidPattern: policy.spiffeidPattern,
      pathPattern: policy.pathPattern,
      permissions: ["read"],
      createdAt: anyTime,
      updatedAt: anyTime,
      version: number,
      revision: number,
    },
    around: {
      id: "",
      name: "",
      spiffiedPattern: "",
      pathPattern: "",
      permissions: null,
      createdAt: ZERO,
      updatedAt: ZERO,
    },
    wrongType: { id: 1 },
    wrongValue: { id: "a.b" },
    notFound: { id: "none" },
  },
  "delete policy": {
    target: `${POLICY}?action=delete`,
    good: { id: "doomed" },
    answer: { version: 0, revision: number },
    around: {},
    wrongType: { id: {} },
    wrongValue: { id: "" },
    notFound: { id: "none" },
    conflict: { id: "p", cas: 999 },
  },
  "list policies": {
    target: `${POLICY}?action=list`,
    good: { pathPattern: "^listed/" },
    answer: { policies: [{ id: "listed", name: "listed", version: number }], revision: number },
    around: { policies: null },
    wrongType: { pathPattern: 1 },
    wrongValue: { limit: 10_001 },
  },
};

/** Every status and `err` of the protocol, from a worker in workerd over TCP. */
describe("on the wire", () => {
  let edge: Cluster;
  beforeAll(async () => {
    edge = await cluster(1, { SPIKE_REQUEST_TIMEOUT_MS: "2000" });
    const send = async (target: string, body: object) => expect((await post(target, body)).status).toBe(200);
    for (const path of ["a", "gone", "broken", "removed"]) await send(SECRETS, { path, values: { k: "v" } });
    await send(`${SECRETS}?action=delete`, { path: "gone" });
    for (const name of ["p", "doomed", "broken"]) await send(POLICY, { name, ...policy });
    await send(POLICY, { name: "listed", ...policy, pathPattern: "^listed/" });
  });
  afterAll(async () => await edge.close());

  const post = async (
    target: string,
    body: object | string,
    { as = SUPERUSER, headers = {} }: { as?: string; headers?: Record<string, string> } = {},
  ) => {
    const authorization = `Bearer ${await edge.domain.token(as)}`;
    const response = await fetch(`${edge.workers[0]!.url}${target}`, {
      method: "POST",
      headers: { authorization, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const answered: unknown = await response.json();
    return { status: response.status, body: answered, retryAfter: response.headers.get("retry-after") };
  };

  describe.each(Object.entries(OPERATIONS))("%s", (_, operation) => {
    const { target, good, around } = operation;
    const error = (err: string) => ({ ...around, err });

    it("answers 401 access_unauthorized without an identity or a permission", async () => {
      const denied = { status: 401, body: error("access_unauthorized") };
      expect(await post(target, good, { headers: { authorization: "" } })).toMatchObject(denied);
      expect(await post(target, good, { as: "/nobody" })).toMatchObject(denied);
      expect((await post(target, good, { as: "/nobody" })).body).toEqual(denied.body);
      expect(await post(target, operation.wrongValue, { headers: { authorization: "" } })).toMatchObject(denied);
    });

    it("answers 400 api_bad_request to invalid JSON, a wrong type or an invalid value", async () => {
      for (const body of ["", "{", "[]", "null", operation.wrongType, operation.wrongValue]) {
        const answer = await post(target, body);
        const reason = expect.objectContaining({ member: expect.any(String), rule: expect.any(String) });
        expect([answer.status, answer.body], JSON.stringify(body)).toEqual([
          400,
          { ...error("api_bad_request"), reason },
        ]);
      }
    });

    it("answers 413 too_large", async () => {
      expect(await post(target, `"${"x".repeat(1024 * 1024)}"`)).toMatchObject({
        status: 413,
        body: error("too_large"),
      });
    });

    const { notFound, conflict } = operation;
    const canBeRefused = notFound !== undefined || conflict !== undefined;
    it.runIf(canBeRefused)("answers 404 api_not_found, 409 version_conflict, 422 idempotency_key_reused", async () => {
      if (notFound) {
        expect(await post(target, notFound)).toMatchObject({ status: 404, body: error("api_not_found") });
      }
      if (conflict) {
        expect(await post(target, conflict)).toMatchObject({ status: 409, body: error("version_conflict") });
        const headers = { "Idempotency-Key": `reused ${target}`.replaceAll(/[^a-z]/g, "-") };
        await post(SECRETS, { path: "a/first", values: {} }, { headers });
        expect(await post(target, good, { headers })).toMatchObject({
          status: 422,
          body: error("idempotency_key_reused"),
        });
      }
    });

    it("answers 503 store_unavailable with Retry-After while the database is down", async () => {
      edge.proxies[0]!.inject(() => "cut-request");
      const answer = await post(target, good);
      edge.proxies[0]!.inject(() => "pass");
      expect(answer).toMatchObject({ status: 503, body: error("store_unavailable") });
      expect(answer.retryAfter).toMatch(/^[1-4]$/);
    });

    it("answers 500 api_internal_error if the store was altered", async () => {
      const client = createClient({ url: edge.database.url });
      await client.execute("UPDATE store SET audit_floor = 1");
      const answer = await post(target, good);
      await client.execute("UPDATE store SET audit_floor = 0");
      client.close();
      expect(answer).toMatchObject({ status: 500, body: error("api_internal_error") });
    });

    it("answers 200", async () => {
      const answer = await post(target, good);
      expect([answer.status, answer.body]).toEqual([200, operation.answer]);
    });
  });

  it("answers 400 api_bad_request to every request that is not an operation, before any other check", async () => {
    const at = async (method: string, target: string) => {
      const response = await fetch(`${edge.workers[0]!.url}${target}`, { method });
      return [response.status, await response.json()];
    };
    for (const [method, target] of [
      ["POST", "/"],
      ["POST", `${SECRETS}?action=rotate`],
      ["POST", `${POLICY}?action=Get`],
      ["POST", METADATA],
      ["GET", `${SECRETS}?action=get`],
      ["PUT", POLICY],
      ["DELETE", POLICY],
    ] as const) {
      expect(await at(method, target), `${method} ${target}`).toEqual([400, { err: "api_bad_request" }]);
    }
  });

  it("answers 503 state_not_ready to every POST to a worker without keys", async () => {
    const built = await buildWorker();
    const worker = await startWorker(built.folder, { LIBSQL_URL: edge.database.url });
    try {
      for (const { target } of [...Object.values(OPERATIONS), { target: "/anything" }]) {
        const response = await fetch(`${worker.url}${target}`, { method: "POST", body: "{}" });
        expect([response.status, await response.json()], target).toEqual([503, { err: "state_not_ready" }]);
      }
      const [healthy, ready] = [await fetch(`${worker.url}/healthz`), await fetch(`${worker.url}/readyz`)];
      expect([healthy.status, ready.status]).toEqual([200, 503]);
    } finally {
      await worker.kill();
      built.remove();
    }
  });

  it("answers 400 data_read_failure in Go's format if a body breaks off", async () => {
    // In process: over TCP the client would be gone before the answer.
    const service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    for (const { target } of Object.values(OPERATIONS)) {
      const body = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
      const request = new Request(`http://edge.test${target}`, { method: "POST", body, duplex: "half" } as RequestInit);
      const response = await service.fetch(request);
      expect([response.status, await response.json()], target).toEqual([
        400,
        { Code: "data_read_failure", Msg: "failed to read request body", Wrapped: null },
      ]);
    }
  });
});
