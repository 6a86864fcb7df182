import { defineConfig } from "drizzle-kit";
import { clean } from "./src/runtime/clean.ts";
import { readDatabase } from "./src/runtime/database.ts";

// `drizzle-kit check` and `generate` use no database.
const LIBSQL_URL = clean(process.env["LIBSQL_URL"] ?? "") ?? "http://127.0.0.1:8080";
const database = readDatabase({ ...process.env, LIBSQL_URL });
if (!database.ok) throw new Error(`Cannot read the settings of the database: ${database.problems.join("; ")}`);
const { url, authToken } = database.value;

export default defineConfig({
  dialect: "turso",
  schema: "./src/store/libsql/schema.ts",
  out: "./migrations",
  dbCredentials: authToken === undefined ? { url } : { url, authToken },
});
