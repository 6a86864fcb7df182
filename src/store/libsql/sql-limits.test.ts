import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMON, loadOf } from "./load/load.ts";
import { PART_NAMES } from "./load/parts.ts";
import type { Query } from "../store.ts";
import { gateBare } from "./writes/commit-statements.ts";
import { bundleWrites, policyWrites } from "./writes/named-row-writes.ts";
import { secretWrites } from "./writes/secret-writes.ts";
import { storeWrites } from "./writes/store-writes.ts";
import { versionWrites } from "./writes/version-writes.ts";

/** Limits of D1, which may become a second engine: https://developers.cloudflare.com/d1/platform/limits/ */
const LIMITS = { variableNumber: 100, functionArg: 32, compoundSelect: 5, sqlLength: 100_000 } as const;

const OUTDATED = { keyId: "k", after: { keyId: "", name: "" }, limit: 1 } as const;
const GRANTS = { idTags: [], pathTags: [], limit: 1 } as const;
const TRUST = { trustDomain: "d", slot: 1 } as const;

/** A query with every part. */
const EVERYTHING: Required<Query> = {
  secret: { path: "p", version: "current" },
  paths: { prefix: "", after: "", limit: 1 },
  grants: GRANTS,
  trust: TRUST,
  identityGrants: { idTags: [], limit: 1 },
  policy: { name: "n", slot: 1 },
  policies: { after: "", limit: 1 },
  bundle: TRUST,
  bundles: { after: "", limit: 1 },
  audit: { after: 0, limit: 1 },
  auditContext: { after: 0, limit: 1 },
  acknowledgements: {},
  authorityEntries: { limit: 1 },
  secrets: { after: "", limit: 1 },
  policiesWithTails: { after: "", limit: 1 },
  bundlesWithTails: { after: "", limit: 1 },
  headless: { after: "", limit: 1 },
  rowless: { after: "", limit: 1 },
  level: { after: 0, depth: 0, limit: 1 },
  chain: { resource: "r" },
  entryMacs: { revisions: [1, 2] },
  heartbeat: {},
  keyUse: {},
  keyCounts: {},
  outdatedSecrets: OUTDATED,
  outdatedPolicies: OUTDATED,
  outdatedBundles: OUTDATED,
  writeId: "w",
};

/** Every form of every part, and every scope. */
const LOADS: readonly Query[] = [
  {},
  EVERYTHING,
  { ...EVERYTHING, secret: { path: "p", version: 1 }, audit: { after: 0, limit: 1, resource: "r" } },
  { ...EVERYTHING, secret: { path: "p", version: "none" }, paths: { prefix: "", after: "", limit: 1, within: [] } },
  { grants: GRANTS },
  { trust: TRUST },
  ...PART_NAMES.map((name) => ({ [name]: EVERYTHING[name] })),
];

const writes = Object.entries({ gateBare, secretWrites, versionWrites, policyWrites, bundleWrites, storeWrites });

const statements = [
  ...writes.flatMap(([name, found]) =>
    "sql" in found
      ? [[name, found.sql] as const]
      : Object.entries(found).map(([key, { sql }]) => [`${name}.${key}`, sql] as const),
  ),
  ...LOADS.map((query, index) => [`load ${index}`, loadOf(query).statement.sql] as const),
];

/** Statements that the source of the writes makes, each as a property or a constant. */
const made = readdirSync("src/store/libsql/writes").flatMap(
  (file) =>
    readFileSync(`src/store/libsql/writes/${file}`, "utf8").match(
      /^(?:\s+\w+:|export const \w+ =) (?:gate|prepare|updateStore)\(/gm,
    ) ?? [],
);

describe("every SQL statement", () => {
  let database: DatabaseSync;
  beforeAll(() => {
    database = new DatabaseSync(":memory:");
    for (const file of readdirSync("migrations").filter((name) => name.endsWith(".sql"))) {
      database.exec(readFileSync(`migrations/${file}`, "utf8"));
    }
    Object.assign(database.limits, LIMITS);
  });

  it("is looked at: all templates of writes, and all parts of loads", () => {
    expect(statements.filter(([name]) => !name.startsWith("load"))).toHaveLength(made.length);
    expect(made.length).toBeGreaterThan(20);
    const columns = Object.keys(COMMON).length + PART_NAMES.length;
    expect(loadOf(EVERYTHING).statement.sql.match(/ifnull\(/g)?.length).toBeGreaterThan(columns);
  });

  it.each(statements)("runs within the limits of D1: %s", (_, sql) => {
    expect(() => database.prepare(sql)).not.toThrow();
  });

  it.each(statements)("is one statement, and needs no transaction and no pragma: %s", (_, sql) => {
    const [verb, ...words] = sql.replaceAll(/'[^']*'|"[^"]*"/g, "x").split(/[^a-z;]+/i);
    expect(["insert", "update", "delete", "select"]).toContain(verb);
    expect(words.filter((word) => /^(begin|commit|rollback|savepoint|pragma)$|;/i.test(word))).toEqual([]);
  });

  it.each([
    [`select ${Array.from({ length: 101 }, () => "?").join(", ")}`, "too many SQL variables"],
    [`select json_array(${Array.from({ length: 33 }, () => "1").join(", ")})`, "too many arguments"],
    [Array.from({ length: 6 }, () => "select 1").join(" union all "), "too many terms in compound SELECT"],
  ])("would fail beyond a limit: %s", (sql, message) => {
    expect(() => database.prepare(sql)).toThrow(message);
  });
});
