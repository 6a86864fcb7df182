import { claimDatabase, type ExternalDatabase, releaseDatabase } from "../../../test/harness/external-database.ts";
import { type DatabaseProcess, startDatabase } from "./database.ts";

/** The database of a run, migrated and empty at first. */
export interface ClusterDatabase {
  /** Changes with each start of the process. */
  url(): string;
  /** Undefined for an external database. */
  readonly process: DatabaseProcess | undefined;
  close(): Promise<void>;
}

/** Starts a database with its file in `folder`, or uses `database`. */
export async function openDatabase({
  folder,
  database,
}: {
  readonly folder: string;
  readonly database?: ExternalDatabase | undefined;
}): Promise<ClusterDatabase> {
  if (database === undefined) {
    const process = await startDatabase(folder);
    return { url: () => process.url(), process, close: async () => await process.close() };
  }
  const claimed = await claimDatabase(database);
  return {
    url: () => claimed.url,
    process: undefined,
    async close() {
      await claimed.close();
      await releaseDatabase(database);
    },
  };
}
