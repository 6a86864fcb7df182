import { RE2JS } from "re2js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TestService, testService } from "../../test/harness/service.ts";
import { memoryStore } from "../store/memory/memory-store.ts";

const GET = "/v1/store/secrets?action=get";

/** With patterns that are not literal, because literal patterns are never compiled. */
describe("policy patterns are compiled", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    await service.post("/v1/store/secrets", { path: "app/a", values: { v: "1" } });
    await allow("app", "^spiffe://spike\\.ist/ns/app/[a-z]", "^app/[a-z]");
  });
  afterEach(() => void vi.restoreAllMocks());

  const allow = async (name: string, spiffeidPattern: string, pathPattern: string) => {
    const policy = { name, spiffeidPattern, pathPattern, permissions: ["read", "list"] };
    expect((await service.post("/v1/acl/policy", policy)).status, name).toBe(200);
  };

  /** The patterns that are compiled during a request of the workload. */
  const compiledFor = async (path: string, target: string, body: object, status: number) => {
    const send = await service.as(path);
    const compile = vi.spyOn(RE2JS, "compile");
    expect((await send(target, body)).status).toBe(status);
    const compiled = compile.mock.calls.map(([text]) => text);
    compile.mockRestore();
    return compiled.toSorted();
  };
  const OF_APP = ["^app/[a-z]", "^spiffe://spike\\.ist/ns/app/[a-z]"];

  it("for each decision again, so that no compiled pattern outlives its policy (G06)", async () => {
    for (let n = 0; n < 3; n += 1) {
      expect(await compiledFor("/ns/app/w", GET, { path: "app/a" }, 200)).toEqual(OF_APP);
    }
    await allow("app", "^spiffe://spike\\.ist/ns/other/[a-z]", "^app/[a-z]");
    expect(await compiledFor("/ns/app/w", GET, { path: "app/a" }, 401)).toEqual([]);
    expect(await compiledFor("/ns/other/w", GET, { path: "app/a" }, 200)).toEqual([
      OF_APP[0],
      OF_APP[1]!.replace("app", "other"),
    ]);
  });

  it("only if they can match: policies with other prefixes are not loaded, however many there are (G07)", async () => {
    for (let n = 0; n < 60; n += 1) {
      await allow(`other ${n}`, `^spiffe://spike\\.ist/ns/n${n}/[a-z]`, `^n${n}/[a-z]`);
      if (n < 20) await allow(`same path ${n}`, `^spiffe://spike\\.ist/ns/n${n}/[a-z]`, "^app/[a-z]");
      if (n < 20) await allow(`same identity ${n}`, "^spiffe://spike\\.ist/ns/app/[a-z]", `^n${n}/[a-z]`);
    }
    expect(await compiledFor("/ns/app/w", GET, { path: "app/a" }, 200)).toEqual(OF_APP);
    expect(await compiledFor("/ns/none/w", GET, { path: "app/a" }, 401)).toEqual([]);
    expect(await compiledFor("/ns/app/w", GET, { path: "none/a" }, 401)).toEqual([]);
  });

  it("once by a put, and never for a caller who may not put policies (G01)", async () => {
    const policy = { name: "new", spiffeidPattern: "^spiffe://d/a$", pathPattern: "^new/", permissions: ["read"] };
    expect(await compiledFor("/ns/app/w", "/v1/acl/policy", policy, 401)).toEqual([]);
    const compiled = await compiledFor("/spike/pilot/role/superuser", "/v1/acl/policy", policy, 200);
    expect(compiled.filter((text) => text === policy.pathPattern)).toHaveLength(1);
  });
});
