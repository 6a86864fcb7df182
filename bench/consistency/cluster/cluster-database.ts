import { createClient } from "@libsql/client";
import { claimDatabase, type ExternalDatabase, releaseDatabase } from "../../../test/harness/external-database.ts";
import { startGateway } from "../../../test/harness/database-gateway.ts";
import { awaitReplicas } from "./await-replicas.ts";
import { type DatabaseProcess, startDatabase } from "./database.ts";

/** The database of a run, migrated and empty at first. */
export interface ClusterDatabase {
  /** Changes with each start of the process. */
  url(): string;
  readonly replicaUrls: readonly string[];
  readonly storeId: string;
  /** Undefined for an external database. */
  readonly process: DatabaseProcess | undefined;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Scratch folder for the database files. */
  readonly folder: string;
  /** Number of replicas to start. */
  readonly replicas: number;
  /** How far they lag without a fault. By default, some lag for longer than others. */
  readonly lagMs?: number | undefined;
  readonly database?: ExternalDatabase | undefined;
  /** Replicas of the external database. */
  readonly externalReplicas?: readonly ExternalDatabase[] | undefined;
}

/** Starts a database with its file in `folder`, or uses `database`. */
export async function openDatabase(options: DatabaseOptions): Promise<ClusterDatabase> {
  const { folder, database } = options;
  if (database !== undefined) return await openExternal(database, options.externalReplicas ?? []);
  const process = await startDatabase(folder, options);
  return {
    url: () => process.url(),
    replicaUrls: process.replicas.map(({ follower }) => follower.url),
    storeId: await readStoreId(process.url()),
    process,
    close: async () => await process.close(),
  };
}

async function openExternal(
  database: ExternalDatabase,
  externalReplicas: readonly ExternalDatabase[],
): Promise<ClusterDatabase> {
  const claimed = await claimDatabase(database);
  const gateways = await Promise.all(externalReplicas.map(async (replica) => await startGateway(replica)));
  const replicaUrls = gateways.map(({ url }) => url);
  async function close(): Promise<void> {
    await Promise.all([claimed, ...gateways].map(async (gateway) => await gateway.close()));
    await releaseDatabase(database);
  }
  try {
    await awaitReplicas(claimed.url, replicaUrls);
    const storeId = await readStoreId(claimed.url);
    return { url: () => claimed.url, replicaUrls, storeId, process: undefined, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readStoreId(url: string): Promise<string> {
  const client = createClient({ url });
  try {
    const { rows } = await client.execute("SELECT store_id FROM store");
    return rows[0]?.["store_id"] as string;
  } finally {
    client.close();
  }
}
