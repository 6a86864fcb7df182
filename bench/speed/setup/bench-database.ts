import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { claimDatabase, type ExternalDatabase, releaseDatabase } from "../../../test/harness/external-database.ts";
import { startDatabase } from "../../consistency/cluster/database.ts";
import { type BulkWriter, fileWriter, serverWriter } from "./bulk-writer.ts";

/** The database of a deployment, migrated and empty at first. */
export interface BenchDatabase {
  /** A local address that needs no token, to prepare the store. */
  url(): string;
  /** The settings of workers, which connect to the server itself. */
  settings(): Readonly<Record<string, string>>;
  /** Runs `work` with a fast way to write many rows. */
  fill(work: (writer: BulkWriter) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a database with its file in `folder`, or uses `external`. */
export async function openBenchDatabase(
  folder: string,
  external: ExternalDatabase | undefined,
): Promise<BenchDatabase> {
  return external === undefined ? await ownDatabase(folder) : await externalDatabase(external);
}

async function ownDatabase(folder: string): Promise<BenchDatabase> {
  const database = await startDatabase(mkdtempSync(join(folder, "database-")), { replicas: 0 });
  return {
    url: () => database.url(),
    settings: () => ({ LIBSQL_URL: database.url(), LIBSQL_URL_IS_PRIMARY: "1" }),
    async fill(work) {
      await database.kill();
      await useWriter(fileWriter(database.file), work);
      await database.start();
    },
    close: async () => await database.kill(),
  };
}

async function externalDatabase(external: ExternalDatabase): Promise<BenchDatabase> {
  const claimed = await claimDatabase(external);
  return {
    url: () => claimed.url,
    settings: () => ({
      // The baselines append the path of the protocol.
      LIBSQL_URL: external.url.replace(/\/$/, ""),
      LIBSQL_URL_IS_PRIMARY: "1",
      ...(external.authToken !== undefined && { LIBSQL_AUTH_TOKEN: external.authToken }),
    }),
    fill: async (work) => await useWriter(serverWriter(claimed.url), work),
    async close() {
      await claimed.close();
      await releaseDatabase(external);
    },
  };
}

async function useWriter(writer: BulkWriter, work: (writer: BulkWriter) => Promise<void>): Promise<void> {
  try {
    await work(writer);
  } finally {
    writer.close();
  }
}
