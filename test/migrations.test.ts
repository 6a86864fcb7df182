import { getTableConfig } from "drizzle-orm/sqlite-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOf } from "../src/store/libsql/load/load.ts";
import * as schema from "../src/store/libsql/schema.ts";
import { mustSkip } from "./harness/test-databases.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";

const asText = (value: unknown): string => (typeof value === "string" ? value : "");

/** The migrations, which are written out, against the schema, which the statements are built from. */
describe("the migrated database", () => {
  let database: FileDatabase;
  beforeAll(async () => {
    database = await fileDatabase();
  });
  afterAll(() => database.close());

  const tables = Object.values(schema).map(getTableConfig);

  it.each(tables.map((table) => [table.name, table] as const))(
    "has %s as in the schema, and STRICT",
    async (name, table) => {
      const { rows } = await database.client.execute(
        `SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`,
      );
      const primary = table.primaryKeys[0]?.columns.map((column) => column.name);
      expect(rows.map((row) => ({ ...row, type: asText(row["type"]).toLowerCase() }))).toEqual(
        table.columns.map((column) => {
          const place = primary === undefined ? Number(column.primary) : primary.indexOf(column.name) + 1;
          return { name: column.name, type: column.getSQLType(), notnull: Number(column.notNull), pk: place };
        }),
      );
      const { rows: listed } = await database.client.execute(`SELECT strict FROM pragma_table_list('${name}')`);
      expect(listed[0]?.["strict"]).toBe(1);
    },
  );

  it("has one store row", async () => {
    const { rows } = await database.client.execute("SELECT * FROM store");
    expect(rows).toMatchObject([
      { id: 1, revision: 0, epoch: 0, schema_version: 2, audit_floor: 0, key_id: null, mac: null },
    ]);
    expect(rows[0]?.["store_id"]).toMatch(/^[0-9a-f]{32}$/);
    await expect(database.client.execute("UPDATE store SET id = 2")).rejects.toThrow("CHECK");
  });

  const OTHER_IDENTITY = "has another identity than other migrated databases";
  it.skipIf(mustSkip("two databases", OTHER_IDENTITY))(OTHER_IDENTITY, async () => {
    const other = await fileDatabase();
    const idOf = async ({ client }: FileDatabase) => (await client.execute("SELECT store_id FROM store")).rows[0]?.[0];
    const [id, otherId] = [await idOf(database), await idOf(other)];
    other.close();
    expect(otherId).not.toBe(id);
  });

  it("finds everything by an index", async () => {
    const plan = async (sql: string) => {
      const { rows } = await database.client.execute(`EXPLAIN QUERY PLAN ${sql}`);
      return rows.map((row) => asText(row["detail"])).join("; ");
    };
    expect(await plan("SELECT * FROM audit WHERE resource = 'x' ORDER BY revision DESC LIMIT 1")).toContain(
      "audit_by_resource",
    );
    expect(await plan("SELECT 1 FROM audit WHERE write_id = 'x'")).toContain("audit_write_id");
    expect(await plan("SELECT path FROM secrets WHERE path > 'a' AND path < 'b' ORDER BY path LIMIT 5")).toMatch(
      /SEARCH secrets USING COVERING INDEX/,
    );
    expect(await plan("SELECT 1 FROM secrets WHERE key_id = 'k'")).toContain("secrets_by_key");
    const asked = { keyId: "k", after: { keyId: "j", name: "n" }, limit: 1 };
    const query = {
      grants: { idTags: [], pathTags: [], limit: 1 },
      identityGrants: { idTags: [], limit: 1 },
      policies: { after: "", limit: 1 },
      audit: { after: 0, limit: 1, resource: "r" },
      auditContext: { after: 0, limit: 1 },
      paths: { prefix: "", after: "", limit: 1, within: [] },
      keyUse: {},
      outdatedSecrets: asked,
      outdatedPolicies: asked,
    };
    const { sql, args } = loadOf(query).statement;
    const { rows } = await database.client.execute({ sql: `EXPLAIN QUERY PLAN ${sql}`, args });
    const steps = rows.map((row) => asText(row["detail"]));
    expect(steps).toContainEqual(
      expect.stringMatching(/SEARCH p USING INDEX policies_by_tags \(path_tag=\? AND id_tag=\?\)/),
    );
    expect(steps).toContainEqual(expect.stringMatching(/SEARCH p USING INDEX policies_by_id_tag/));
    for (const table of ["secrets", "policies"]) {
      expect(steps).toContainEqual(expect.stringMatching(`SEARCH ${table} USING COVERING INDEX ${table}_by_key_and`));
    }
    // Nothing is walked from end to end but lists that were sent, what was found already, and tables of a few rows.
    const found = (name: string | undefined, parent: unknown) =>
      rows.some(
        (row) =>
          row["parent"] === parent &&
          /^(CO-ROUTINE|MATERIALIZE) /.test(asText(row["detail"])) &&
          asText(row["detail"]).split(" ")[1] === name,
      );
    const walked = rows.flatMap((row) => {
      const [verb, name] = asText(row["detail"]).split(" ");
      const listed = /VIRTUAL TABLE|CONSTANT/.test(asText(row["detail"]));
      return verb === "SCAN" && name !== undefined && !listed && !found(name, row["parent"]) ? [name] : [];
    });
    expect([...new Set(walked)].toSorted((a, b) => a.localeCompare(b))).toEqual(["k", "store", "trust_bundles"]);
  });
});
