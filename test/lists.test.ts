import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import type { BulkStore } from "../src/store/store.ts";
import { insertPathsSql, numberedPathsSql } from "./harness/bare-paths.ts";
import { type LimitedDatabase, limitedDatabase } from "./harness/limited-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const LIST = "/v1/store/secrets?action=list";
const ID = String.raw`^spiffe://spike\.ist`;

let database: LimitedDatabase;
let service: TestService;
/** Number of paths in each load. */
let read: number[];
/** Runs before the next load of paths, once. */
let between: (() => void) | undefined;

beforeEach(async () => {
  database = limitedDatabase();
  const inner = libsqlStore(database.execute);
  read = [];
  const store: BulkStore = {
    ...inner,
    async load(query, signal) {
      if (query.paths !== undefined && read.length > 0) {
        const change = between;
        between = undefined;
        change?.();
      }
      const snapshot = await inner.load(query, signal);
      if (snapshot.paths !== undefined) read.push(snapshot.paths.rows.length);
      return snapshot;
    },
  };
  service = await testService(store);
  // The first commit signs the store row.
  expect((await service.post("/v1/store/secrets", { path: "zz/first", values: {} })).status).toBe(200);
});
afterEach(() => database.database.close());

const insert = (paths: string) => database.database.exec(insertPathsSql(paths));
const insertEach = (...paths: readonly string[]) =>
  insert(paths.map((path) => `SELECT '${path}' AS path`).join(" UNION ALL "));

async function allow(workload: string, ...patterns: readonly string[]): Promise<void> {
  for (const [index, pathPattern] of patterns.entries()) {
    const policy = {
      name: `${workload}-${index}`,
      spiffeidPattern: `${ID}/${workload}$`,
      pathPattern,
      permissions: ["list"],
    };
    expect((await service.post("/v1/acl/policy", policy)).status, pathPattern).toBe(200);
  }
}

async function list(caller: string, body: object) {
  read.length = 0;
  const answer =
    caller === "superuser" ? await service.post(LIST, body) : await (await service.as(`/${caller}`))(LIST, body);
  const { status, body: found } = answer;
  const { keys, next, err } = found as { keys: string[] | null; next?: string; err?: string };
  return { status, keys, next, err };
}

/** All pages, as a client reads them: on from `next` if there is one, else from the last name of a full page. */
async function listPages(caller: string, body: { readonly prefix?: string; readonly limit: number }) {
  const found: string[] = [];
  let pages = 0;
  for (let after = ""; pages < 1000;) {
    const { keys, next } = await list(caller, { ...body, after });
    pages += 1;
    found.push(...(keys ?? []));
    if (next === undefined && (keys ?? []).length < body.limit) return { found, pages };
    after = next ?? keys?.at(-1) ?? "";
  }
  throw new Error("The list does not end");
}

describe("a page of a list reads no more than it returns", () => {
  beforeEach(() => insert(numberedPathsSql(50_000, "big/", { length: 500 })));
  const first = (count: number) =>
    Array.from({ length: count }, (_, n) => `big/${String(n).padStart(6, "0")}${"x".repeat(490)}`);

  it.each([
    ["one path", { limit: 1 }, 1],
    ["one path of a prefix", { prefix: "big/", limit: 1 }, 1],
    ["ten paths", { prefix: "big/", limit: 10 }, 10],
    ["one path after many", { prefix: "big/", after: "big/049000", limit: 1 }, 1],
    ["one path of a long prefix", { prefix: "big/02", after: "big/01", limit: 1 }, 1],
    ["no path", { prefix: "none/", limit: 10 }, 0],
  ])("for the superuser: %s (Q30)", async (_, body, count) => {
    const { status, keys } = await list("superuser", body);
    expect([status, keys?.length]).toEqual([200, count]);
    expect(read).toEqual([count]);
    expect(Math.max(...database.answers.slice(-1))).toBeLessThan(4000 + 600 * count);
  });

  it.each([
    ["its own prefix", ["^big/"], { prefix: "big/", limit: 1 }, 1],
    ["two nested prefixes", ["^big/", "^big/0"], { limit: 1 }, 1],
    ["a wildcard at the end", ["^big/.*$"], { prefix: "big/", limit: 3 }, 3],
    ["a whole path among many", ["^big/$", "^zz/first$"], { limit: 5 }, 1],
    ["a prefix without a slash", ["^b"], { limit: 2 }, 2],
    ["after many", ["^big/"], { after: "big/049000", limit: 1 }, 1],
  ])("for a workload with %s (Q30)", async (_, patterns, body, count) => {
    await allow("w", ...patterns);
    database.answers.length = 0;
    const { status, keys } = await list("w", body);
    expect([status, keys?.length]).toEqual([200, count]);
    // The first load also reads what a caller with access to everything would get.
    expect(read.reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(2 * count);
    expect(database.answers.length).toBe(2);
    expect(Math.max(...database.answers)).toBeLessThan(8000 + 600 * count);
  });

  it("in full pages of long paths, which take several loads (Q30)", async () => {
    const { keys, next } = await list("superuser", { prefix: "big/", limit: 10_000 });
    expect([keys, next]).toEqual([first(10_000), undefined]);
    expect(read.length).toBeGreaterThan(1);
    await allow("w", "^big/");
    expect((await list("w", { prefix: "big/", limit: 9000 })).keys).toEqual(first(9000));
  });

  it("and refuses a list without a limit that would be too long (Q30, Q51)", async () => {
    await allow("w", "^big/");
    for (const caller of ["superuser", "w"]) {
      expect(await list(caller, { prefix: "big/" })).toEqual({
        status: 400,
        keys: null,
        next: undefined,
        err: "too_large",
      });
    }
  });
});

describe("a pattern that rejects most paths", () => {
  const hidden = 25_000;
  beforeEach(async () => {
    insert(numberedPathsSql(hidden, "shared/", { end: "-a" }));
    insertEach("shared/000000-b", "shared/012345-b", "shared/024999-b", "shared/999999-b", "sharee");
    await allow("b", "^shared/.*-b$");
  });
  const visible = ["shared/000000-b", "shared/012345-b", "shared/024999-b", "shared/999999-b"];

  it.each([1, 2, 3, 4, 5, 100])("gives complete pages of %i, each with bounded work (Q30)", async (limit) => {
    expect((await listPages("b", { limit })).found).toEqual(visible);
  });

  it("reads at most 10 000 paths for a page (Q30)", async () => {
    let after = "";
    for (let pages = 0; ; pages += 1) {
      const { keys, next, status } = await list("b", { limit: 100, after });
      expect([status, Math.max(...read) <= 10_000]).toEqual([200, true]);
      expect(read.slice(1).reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(11_100);
      if (next === undefined) {
        expect([keys, pages]).toEqual([["shared/024999-b", "shared/999999-b"], 2]);
        break;
      }
      after = next;
    }
  });

  it("returns a next that reveals nothing and is valid for the same caller only (Q30)", async () => {
    const { next = "" } = await list("b", { prefix: "shared/", limit: 100 });
    expect(next).toMatch(/^~[\w-]{600,900}$/);
    expect(Buffer.from(next.slice(1), "base64url").toString("latin1")).not.toContain("shared");
    const shorter = await list("b", { prefix: "shared/0", limit: 99 });
    expect(shorter.next).toHaveLength(next.length);
    await allow("c", "^shared/.*-b$");
    const changed = `${next.slice(0, -2)}${next.endsWith("AA") ? "BB" : "AA"}`;
    for (const [caller, after] of [
      ["c", next],
      ["superuser", next],
      ["b", changed],
      ["b", "~"],
      ["b", "~AAAA"],
      ["b", `${next}=`],
      ["b", next.slice(0, 200)],
    ] as const) {
      expect(await list(caller, { after, limit: 5 }), `${caller} ${after}`).toMatchObject({ status: 400, keys: null });
    }
    expect((await list("none", { after: next, limit: 5 })).status).toBe(401);
  });

  it("is complete without a limit, or refused, and never cut (Q30)", async () => {
    expect(await list("b", {})).toMatchObject({ status: 200, keys: visible, next: undefined });
    insert(numberedPathsSql(30_000, "shared/z"));
    expect(await list("b", {})).toMatchObject({ status: 400, keys: null, err: "too_large" });
    expect(await list("b", { prefix: "shared/9" })).toMatchObject({ status: 200, keys: ["shared/999999-b"] });
  });
});

/** Each policy set of `b` beside 50 000 paths of `a`. */
describe("a workload lists its own paths beside many paths of another", () => {
  it.each([
    ["prefixes within a segment", "shared/a-", ["^shared/b-"], ["shared/b-1", "shared/b-2"]],
    ["a prefix that begins with the other one", "shared/a", ["^shared/a~x".replace("~", "z")], ["shared/azx1"]],
    ["a nested prefix", "shared/a/", ["^shared/a/own/"], ["shared/a/own/1", "shared/a/own/2"]],
    ["a whole path that is a prefix of the others", "shared/a", ["^shared/a$"], ["shared/a"]],
    ["a whole path with dots", "shared/a.b", [String.raw`^shared/a\.b$`], ["shared/a.b"]],
    ["escaped dots", "shared/a-", [String.raw`^shared/b\.c-`], ["shared/b.c-1"]],
    ["a quotation", "shared/a-", [String.raw`^shared/\Qb.c\E-`], ["shared/b.c-1"]],
    ["an escaped bracket", "shared/a-", [String.raw`^shared/b\[1\]`], ["shared/b[1]", "shared/b[1]x"]],
    ["alternatives with a common beginning", "shared/a-", ["^shared/(b-x|b-y)"], ["shared/b-x1", "shared/b-y1"]],
    ["a class after the prefix", "shared/a-", ["^shared/b-[0-9]+$"], ["shared/b-1", "shared/b-22"]],
    ["several policies", "shared/a-", ["^shared/b-", "^shared/c$", "^other/"], ["other/1", "shared/b-1", "shared/c"]],
    ["prefixes around the others", "shared/m", ["^shared/l", "^shared/n"], ["shared/l1", "shared/n1"]],
    ["a prefix without a slash", "a-", ["^b-"], ["b-1"]],
    ["more than four segments", "w/x/y/z/a/", ["^w/x/y/z/b/"], ["w/x/y/z/b/1"]],
  ])("%s (Q31)", async (_, others, patterns, own) => {
    insert(numberedPathsSql(50_000, `${others}0`));
    insertEach(...own);
    await allow("b", ...patterns);
    expect(await list("b", {})).toMatchObject({ status: 200, keys: own });
    expect(read.slice(1).reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(own.length);
    expect(await list("b", { limit: 1 })).toMatchObject({ status: 200, keys: own.slice(0, 1) });
    expect((await listPages("b", { limit: 1 })).found).toEqual(own);
  });

  it("without a path that is only in the range of its pattern (Q31)", async () => {
    insertEach("a.b", "a.b/c", "axb", "a.", "a.bc");
    await allow("b", String.raw`^a\.b$`);
    expect((await list("b", {})).keys).toEqual(["a.b"]);
  });
});

describe("a list without a limit that takes several loads", () => {
  const grow = (sql: string) => () => {
    const { revision } = database.database.prepare("SELECT revision FROM store").get() as { revision: number };
    insert(sql);
    // As a commit would: the entry has the write id that the head was born with.
    database.database
      .exec(`INSERT INTO audit SELECT ${revision + 1}, 'big/new', request, at, worker_at, spiffe_id, action,
      'secret:big/new', 1, NULL, base, anchor, epoch, state, leads_to, outcome, trace_id, key_id, mac FROM audit WHERE revision = ${revision};
      UPDATE store SET revision = ${revision + 1}`);
  };
  beforeEach(() => insert(numberedPathsSql(9000, "big/", { length: 400 })));

  it("has all names (Q51)", async () => {
    const { status, keys } = await list("superuser", {});
    expect([status, keys?.length]).toEqual([200, 9001]);
    expect(read.length).toBeGreaterThan(1);
  });

  it("starts again if a secret was created meanwhile, so that it is from one moment (Q30)", async () => {
    between = grow("SELECT 'big/new' AS path");
    const { keys } = await list("superuser", { prefix: "big/" });
    expect([keys?.length, keys?.at(-1)]).toEqual([9001, "big/new"]);
  });

  it("goes on if a secret was only changed (Q30)", async () => {
    expect((await list("superuser", {})).keys).toHaveLength(9001);
    const loads = read.length;
    let changed = 0;
    const change = () => {
      changed += 1;
      const { revision } = database.database.prepare("SELECT revision FROM store").get() as { revision: number };
      database.database
        .exec(`INSERT INTO audit SELECT ${revision + 1}, 'w${revision}', request, at, worker_at, spiffe_id, action,
        resource, seq + 1, mac, base, anchor, epoch, state, leads_to, outcome, trace_id, key_id, mac FROM audit WHERE revision = ${revision};
        UPDATE store SET revision = ${revision + 1}`);
      between = change;
    };
    between = change;
    expect((await list("superuser", {})).keys).toHaveLength(9001);
    between = undefined;
    expect([read.length, changed > 0]).toEqual([loads, true]);
  });

  it("is refused if secrets are created all the time (Q30)", async () => {
    let created = 0;
    const again = () => {
      created += 1;
      insertEach(`big/new${created}`);
      const { revision } = database.database.prepare("SELECT revision FROM store").get() as { revision: number };
      database.database
        .exec(`INSERT INTO audit SELECT ${revision + 1}, 'big/new${created}', request, at, worker_at, spiffe_id, action,
        'secret:big/new${created}', 1, NULL, base, anchor, epoch, state, leads_to, outcome, trace_id, key_id, mac FROM audit
        WHERE revision = ${revision}; UPDATE store SET revision = ${revision + 1}`);
      between = again;
    };
    between = again;
    expect(await list("superuser", {})).toMatchObject({ status: 400, keys: null, err: "too_large" });
    expect(created).toBeLessThan(30);
    between = undefined;
  });
});
