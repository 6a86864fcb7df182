import { RE2JS } from "re2js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { insertPathsSql, numberedPathsSql } from "./harness/bare-paths.ts";
import { type LimitedDatabase, limitedDatabase } from "./harness/limited-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const GET = "/v1/store/secrets?action=get";
const LIST = "/v1/store/secrets?action=list";
const r = String.raw;

/** About 250 instructions each, and ambiguous: matching takes milliseconds. Each has a text of its own. */
const costlyId = (n: number) => `spiffe://.*${n}${r`\b?()\PN(a*)*`.repeat(20)}`;
const costlyPath = (n: number) => `.*${n}${r`.\B(a|b){3}`.repeat(40)}`;
/** No plain text, but small. */
const ordinaryId = r`^spiffe://spike\.ist/[a-z]+$`;
const plainId = r`^spiffe://spike\.ist/app$`;

let database: LimitedDatabase;
let service: TestService;
beforeEach(async () => {
  database = limitedDatabase();
  service = await testService(libsqlStore(database.execute));
  await service.post("/v1/store/secrets", { path: "app/a", values: { v: "1" } });
});
afterEach(() => {
  vi.restoreAllMocks();
  database.database.close();
});

async function allow(name: string, spiffeidPattern: string, pathPattern: string): Promise<void> {
  const policy = { name, spiffeidPattern, pathPattern, permissions: ["read", "list"] };
  expect((await service.post("/v1/acl/policy", policy)).status, spiffeidPattern).toBe(200);
}

/** Sends a request and counts the patterns that it compiles. */
async function count(workload: string, target: string, body: object) {
  const send = await service.as(workload);
  service.log.length = 0;
  const compile = vi.spyOn(RE2JS, "compile");
  const { status } = await send(target, body);
  const compiled = compile.mock.calls.length;
  compile.mockRestore();
  return { status, compiled, reasons: service.log.map(({ reason }) => reason) };
}

type Patterns = readonly [spiffeId: string, path: string];

describe("policies with costly patterns", () => {
  const kinds: readonly [title: string, costly: (n: number) => Patterns][] = [
    ["SPIFFE ID patterns", (n) => [costlyId(n), "app/"]],
    ["path patterns", (n) => [ordinaryId, costlyPath(n)]],
    ["both patterns", (n) => [costlyId(n), costlyPath(n)]],
    ["path patterns for any ID", (n) => ["spiffe://spike", costlyPath(n)]],
    ["path patterns that begin like the path", (n) => [ordinaryId, `^app/${costlyPath(n)}`]],
  ];
  const addCostly = async (of: (n: number) => Patterns, many = 60, name = "costly") => {
    for (let n = 0; n < many; n += 1) await allow(`${name} ${n}`, ...of(n));
  };

  it.each(kinds)("do not delay a grant by a plain policy, whatever their names: %s (Q32)", async (_, costly) => {
    await addCostly(costly, 40, "a");
    await allow("m", plainId, "^app/");
    await addCostly(costly, 40, "z");
    expect(await count("/app", GET, { path: "app/a" })).toEqual({ status: 200, compiled: 0, reasons: [] });
  });

  it.each(kinds)("do not delay a grant by an ordinary policy: %s (Q32)", async (_, costly) => {
    await addCostly(costly);
    await allow("m", ordinaryId, "^app/[a-z]$");
    expect(await count("/app", GET, { path: "app/a" })).toEqual({ status: 200, compiled: 2, reasons: [] });
  });

  it.each(kinds)(
    "are not all tried for a stranger: the request is refused, and the log has the reason: %s (Q32)",
    async (_, costly) => {
      await addCostly(costly, 200);
      const { status, compiled, reasons } = await count("/stranger", GET, { path: "app/a" });
      expect([status, reasons]).toEqual([500, ["costly_policies"]]);
      expect(compiled).toBeLessThan(220);
    },
  );

  it("are tried if they are few (Q32)", async () => {
    await addCostly((n) => [costlyId(n), "app/"], 10);
    expect(await count("/stranger", GET, { path: "app/a" })).toEqual({ status: 401, compiled: 10, reasons: [] });
  });

  it.each<[string, (n: number) => Patterns]>([
    ["whose plain path pattern does not match", (n) => [costlyId(n), "^other/"]],
    ["whose plain path pattern is another path", (n) => [costlyId(n), "^app/b$"]],
    ["whose plain ID pattern does not match", (n) => ["spiffe://other", costlyPath(n)]],
    [
      "whose plain ID pattern is at the end",
      (n) => ["spiffe://spike.ist/stranger$".replace(".", r`\.`), costlyPath(n)],
    ],
    ["whose plain path pattern is unanchored", (n) => [costlyId(n), "nowhere"]],
  ])("are not compiled %s (Q32)", async (_, costly) => {
    await addCostly(costly);
    expect(await count("/app", GET, { path: "app/a" })).toEqual({ status: 401, compiled: 0, reasons: [] });
  });

  it.each(kinds.slice(0, 4))("make a list fail, which would need all of them: %s (Q32)", async (_, costly) => {
    await addCostly(costly, 200);
    const { status, reasons, compiled } = await count("/stranger", LIST, {});
    expect([status, reasons]).toEqual([500, ["costly_policies"]]);
    expect(compiled).toBeLessThan(220);
  });
});

describe("a list with a costly pattern", () => {
  const path = (n: number) => `app/${String(n).padStart(6, "0")}${"ab".repeat(200)}`;
  beforeEach(async () => {
    database.database.exec(insertPathsSql(numberedPathsSql(1000, "app/", { end: "ab".repeat(200) })));
    await allow("p", plainId, `^app/.*${r`.\B(a|b){3}`.repeat(40)}z?`);
  });

  it("matches few paths for one page, and goes on from there (Q32)", async () => {
    const send = await service.as("/app");
    const { body } = await send(LIST, { prefix: "app/0", limit: 1000 });
    const { keys, next } = body as { keys: string[]; next: string };
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.length).toBeLessThan(100);
    expect(keys).toEqual(keys.map((_, n) => path(n)));
    const second = (await send(LIST, { prefix: "app/0", limit: 1000, after: next })).body as { keys: string[] };
    expect(second.keys[0]).toBe(path(keys.length));
  });

  it("is refused without a limit if it takes too much work (Q32)", async () => {
    const send = await service.as("/app");
    expect(await send(LIST, {})).toMatchObject({ status: 400, body: { keys: null, err: "too_large" } });
    expect((await send(LIST, { prefix: "app/00001" })).body["keys"]).toHaveLength(10);
  });
});
