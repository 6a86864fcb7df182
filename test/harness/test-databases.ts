import { claimDatabase, DATABASE_URL, type ExternalDatabase, readExternalDatabases } from "./external-database.ts";

const EXTERNAL = readExternalDatabases(process.env);
const inUse = new Set<ExternalDatabase>();
/** Databases that are being closed. */
const closing = new Map<ExternalDatabase, Promise<void>>();

/** True if tests run on databases that the user named, and not on the development server. */
export const IS_EXTERNAL = EXTERNAL.length > 0;

export interface LeasedDatabase {
  readonly url: string;
  close(): Promise<void>;
}

/** An empty, migrated external database. Undefined without {@link IS_EXTERNAL}. @throws Error if all are in use */
export async function leaseDatabase(): Promise<LeasedDatabase | undefined> {
  if (!IS_EXTERNAL) return undefined;
  const database = EXTERNAL.find((each) => !inUse.has(each));
  if (database === undefined) {
    throw new Error(`Cannot open another database: ${DATABASE_URL} names ${EXTERNAL.length}, and all are in use`);
  }
  inUse.add(database);
  await closing.get(database);
  const claimed = await claimDatabase(database).catch((error: unknown) => {
    inUse.delete(database);
    throw error;
  });
  return {
    url: claimed.url,
    close() {
      const closed = claimed.close();
      closing.set(database, closed);
      inUse.delete(database);
      return closed;
    },
  };
}

/** What a test may need that an external server does not offer. */
type Requirement = "the development server" | "two databases";

/** True if this test cannot run on the databases that the user named. Prints its name and the reason. */
export function mustSkip(requirement: Requirement, title: string): boolean {
  const isMet = !IS_EXTERNAL || (requirement === "two databases" && EXTERNAL.length > 1);
  if (!isMet) console.log(`SKIPPED with ${DATABASE_URL}: "${title}" needs ${requirement}`);
  return !isMet;
}
