import type { TestProject } from "vitest/node";
import { httpDatabase } from "./http-database.ts";

/** Starts a database for the tests inside workerd, which cannot start a server themselves. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await httpDatabase();
  project.provide("databaseUrl", database.url);
  return async () => await database.close();
}
