import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createClient } from "@libsql/client";
import { expect, onTestFinished, test } from "vitest";
import { testDatabase } from "./test-database.fixture.ts";

// Inside node_modules, so that the schema finds drizzle-orm, and formatter and linter do not find the schema.
const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const DRIZZLE_KIT = join(MODULES, "drizzle-kit", "bin.cjs");

const SCHEMA = `import { blob, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
export const people = sqliteTable("people", {
  id: integer().primaryKey(),
  name: text().notNull(),
  face: blob(),
}, (table) => [uniqueIndex("people_name").on(table.name)]);
`;

async function project(url: string): Promise<(command: string, ...args: string[]) => Promise<string>> {
  await mkdir(join(MODULES, ".cache"), { recursive: true });
  const folder = await mkdtemp(join(MODULES, ".cache", "drizzle-kit-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = {
    dialect: "turso",
    schema: "./schema.ts",
    out: "./migrations",
    dbCredentials: { url, authToken: "secret" },
  };
  await writeFile(join(folder, "schema.ts"), SCHEMA);
  await writeFile(join(folder, "drizzle.config.ts"), `export default ${JSON.stringify(config)};\n`);
  return async (command, ...args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [DRIZZLE_KIT, command, ...args], { cwd: folder });
    return stdout;
  };
}

test("drizzle-kit pushes a schema and then finds it in place", async () => {
  const { url } = await testDatabase({ authToken: "secret" });
  const drizzleKit = await project(url);
  expect(await drizzleKit("push", "--force")).toContain("Changes applied");
  expect(await drizzleKit("push", "--force")).toContain("No changes detected");
  const client = createClient({ url, authToken: "secret" });
  onTestFinished(() => client.close());
  await client.execute("INSERT INTO people (name) VALUES ('Ada')");
  const twice = client.execute("INSERT INTO people (name) VALUES ('Ada')");
  await expect(twice).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
});

test("drizzle-kit generates a migration and applies it", async () => {
  const { url } = await testDatabase({ authToken: "secret" });
  const drizzleKit = await project(url);
  await drizzleKit("generate");
  await drizzleKit("migrate");
  const client = createClient({ url, authToken: "secret" });
  onTestFinished(() => client.close());
  expect((await client.execute("SELECT count(*) AS n FROM __drizzle_migrations")).rows).toMatchObject([{ n: 1 }]);
  expect((await client.execute("SELECT name FROM people")).rows).toEqual([]);
});
