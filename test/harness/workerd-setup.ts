import type { TestProject } from "vitest/node";
import { httpDatabase } from "./http-database.ts";

/** Tests inside workerd cannot start a server: they are handed one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await httpDatabase();
  project.provide("databaseUrl", database.url);
  return async () => await database.close();
}
