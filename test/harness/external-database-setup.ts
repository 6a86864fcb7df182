import { readExternalDatabases, releaseDatabase } from "./external-database.ts";

/** Vitest calls it after the last test. Erases the external databases and removes their marks. */
export async function teardown(): Promise<void> {
  await Promise.all(readExternalDatabases(process.env).map(releaseDatabase));
}
