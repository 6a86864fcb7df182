import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compose } from "../src/runtime/compose.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { SUPERUSER, testDomain } from "./harness/identity.ts";
import { KEY_A, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const superuser = `spiffe://spike.ist${SUPERUSER}`;

/** Every request has exactly one audit line, reads and refused requests included. */
describe("the audit line", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    await service.post(SECRETS, { path: "app/a", values: { v: "canary-value" } });
    await service.post("/v1/acl/policy", {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/app$",
      pathPattern: "^app/",
      permissions: ["read"],
    });
    service.audit.length = 0;
  });

  it.each<readonly [string, string, string, object, object]>([
    [
      "a read",
      "/app",
      "?action=get",
      { path: "app/a" },
      { action: "secret.get", resource: "secret:app/a", status: 200, outcome: "ok", roundTrips: 1 },
    ],
    [
      "a write",
      SUPERUSER,
      "",
      { path: "app/a", values: {} },
      { action: "secret.put", resource: "secret:app/a", status: 200, outcome: "ok", roundTrips: 2 },
    ],
    [
      "a denied read",
      "/app",
      "?action=get",
      { path: "x" },
      { action: "secret.get", resource: "secret:x", status: 401, outcome: "denied", roundTrips: 1 },
    ],
    [
      "a denied write",
      "/app",
      "",
      { path: "app/a", values: {} },
      { action: "secret.put", status: 401, outcome: "denied", roundTrips: 1 },
    ],
    ["a missing secret", "/app", "?action=get", { path: "app/none" }, { status: 404, outcome: "not_found" }],
    ["a conflict", SUPERUSER, "", { path: "app/a", values: {}, cas: 9 }, { status: 409, outcome: "version_conflict" }],
    ["a list", SUPERUSER, "?action=list", {}, { action: "secret.list", status: 200, outcome: "ok" }],
    [
      "a malformed path",
      "/app",
      "?action=get",
      { path: "a b\n{}" },
      { status: 400, outcome: "bad_request", reason: expect.stringMatching(/^path must be 1 to 500 characters/) },
    ],
  ])("describes %s", async (...[, path, action, body, line]) => {
    const { status, headers } = await (await service.as(path))(`${SECRETS}${action}`, body);
    expect(service.audit).toEqual([
      expect.objectContaining({
        spiffeId: `spiffe://spike.ist${path}`,
        traceId: headers.get("x-request-id"),
        durationMs: expect.any(Number),
        databaseMs: expect.any(Number),
        ...line,
      }),
    ]);
    expect(service.audit[0]).toMatchObject({ status });
    expect(service.log).toEqual([]);
    if ((body as { path?: string }).path?.includes(" ")) expect(service.audit[0]).not.toHaveProperty("resource");
  });

  it("has an identity that does not verify as claimed only", async () => {
    const forged = await testDomain("spike.ist");
    for (const [authorization, reason, claimed] of [
      [`Bearer ${await forged.token("/app")}`, "signature", "spiffe://spike.ist/app"],
      [`Bearer ${await service.domain.token("/app", { exp: 1_700_000_000 })}`, "expired", "spiffe://spike.ist/app"],
      ["Bearer x.y.z", expect.any(String), undefined],
      ["", "bearer-token-missing", undefined],
    ] as const) {
      service.audit.length = 0;
      await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers: { authorization } });
      expect(service.audit).toMatchObject([
        { action: "secret.get", resource: "secret:app/a", outcome: "unauthorized", reason, status: 401, roundTrips: 0 },
      ]);
      expect(service.audit[0]).not.toHaveProperty("spiffeId");
      expect(service.audit[0]?.claimed).toBe(claimed);
    }
  });

  it("describes requests that are not operations, too large or not JSON", async () => {
    await service.fetch(new Request("http://edge.test/nothing?token=canary"));
    await service.post(SECRETS, "{", { headers: { authorization: "" } });
    await service.post(SECRETS, `"${"x".repeat(1024 * 1024)}"`);
    expect(service.audit).toMatchObject([
      {
        action: "none",
        outcome: "no_such_operation",
        reason: expect.stringMatching(/^method must be POST/),
        status: 400,
      },
      { action: "secret.put", outcome: "bad_request", reason: "body must be valid JSON (RFC 8259)", status: 400 },
      { action: "secret.put", outcome: "body_too_large", reason: "body must have at most 1048576 bytes", status: 413 },
    ]);
    expect(JSON.stringify(service.audit)).not.toContain("canary");
  });

  it("has the reason of a store failure, as the operational log does", async () => {
    const down = await testService({
      load: async () => await Promise.reject(new StoreUnavailable("rejected", "none", "SQLITE_ERROR")),
      commit: async () => await Promise.reject(new Error("not reached")),
    });
    await down.post(`${SECRETS}?action=get`, { path: "a" });
    expect(down.audit).toMatchObject([{ outcome: "store_rejected", status: 503, spiffeId: superuser, roundTrips: 1 }]);
    expect(down.log).toMatchObject([{ level: "error", event: "request_failed", reason: "store_rejected" }]);
  });

  it.each(["192.0.2.1", "2001:db8:1:2:3:4:5:6", "2001:db8::1"])(
    "has the client's whole address: %s (Q16)",
    async (ip) => {
      const headers = { "cf-connecting-ip": ip };
      for (const [target, body] of [
        [`${SECRETS}?action=get`, { path: "app/a" }],
        [SECRETS, { path: "app/b", values: {} }],
        [SECRETS, "{"],
      ] as const) {
        await service.post(target, body, { headers });
      }
      await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers: { ...headers, authorization: "" } });
      await service.fetch(new Request("http://edge.test/healthz", { headers }));
      expect(service.audit.map(({ address, status }) => [address, status])).toEqual([
        [ip, 200],
        [ip, 200],
        [ip, 400],
        [ip, 401],
        [ip, 200],
      ]);
    },
  );

  it.each([{}, { "cf-connecting-ip": "canary" }, { "x-forwarded-for": "192.0.2.1" }, { "x-real-ip": "192.0.2.1" }])(
    "has no address if the platform reports none: %j (Q16)",
    async (headers) => {
      await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers });
      expect(service.audit).toHaveLength(1);
      expect(service.audit[0]).not.toHaveProperty("address");
    },
  );

  it("has the trace id of the traceparent header, as the answer and the stored entry do", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const answer = await service.post(SECRETS, { path: "traced", values: {} }, { headers });
    expect(answer.headers.get("x-request-id")).toBe(traceId);
    expect(service.audit).toMatchObject([{ traceId }]);
    const stored = await service.post("/v1/audit?action=list", { resource: "secret:traced" });
    expect(stored.body["entries"]).toMatchObject([{ traceId, action: "put", spiffeId: superuser }]);
  });
});

describe("Server-Timing", () => {
  it("is sent to authenticated callers, with failures too, and never with a 401", async () => {
    const service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    const timing = async (target: string, body: object, path = SUPERUSER) =>
      (await (await service.as(path))(target, body)).headers.get("server-timing");
    expect(await timing(SECRETS, { path: "a", values: {} })).toMatch(/^db;dur=\d+;desc="2 round trips"$/);
    expect(await timing(`${SECRETS}?action=get`, { path: "a" })).toMatch(/^db;dur=\d+;desc="1 round trip"$/);
    expect(await timing(`${SECRETS}?action=get`, { path: "none" })).toContain("1 round trip");
    expect(await timing(`${SECRETS}?action=get`, { path: "a" }, "/nobody")).toBeNull();
    const anonymous = await service.post(`${SECRETS}?action=get`, { path: "a" }, { headers: { authorization: "" } });
    expect(anonymous.headers.get("server-timing")).toBeNull();
    expect(anonymous.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("the output of a worker", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("is one JSON object per line, with different members for audit and operational lines", async () => {
    const lines: Record<string, unknown>[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
    const domain = await testDomain();
    const app = await compose({
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_AUDIENCE: "spike-nexus",
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    });
    const authorization = `Bearer ${await domain.token(SUPERUSER)}`;
    const post = async (target: string, body: object) =>
      await app.fetch(
        new Request(`http://edge.test${target}`, {
          method: "POST",
          headers: { authorization },
          body: JSON.stringify(body),
        }),
      );
    await post(SECRETS, { path: "a", values: { v: "canary" } });
    await post("/v1/acl/policy", { name: "p", spiffeidPattern: "x", pathPattern: "y", permissions: [] });
    expect(lines).toMatchObject([
      {
        time: expect.any(String),
        level: "warn",
        event: "configuration_warning",
        detail: expect.stringMatching(/memory/),
      },
      { time: expect.stringMatching(/^\d{4}-.*Z$/), audit: { action: "secret.put", outcome: "ok", status: 200 } },
      { time: expect.any(String), audit: { action: "policy.put", outcome: "bad_request", status: 400 } },
    ]);
    expect(lines.map((line) => "audit" in line !== "event" in line)).toEqual([true, true, true]);
    expect(JSON.stringify(lines)).not.toContain("canary");
  });
});
