import { type Client, createClient } from "@libsql/client";
import { CommandError, usageError } from "../../tools/command/command-error.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";
import { type DatabaseGateway, startGateway } from "./database-gateway.ts";

/** A database that tests may erase. */
export interface ExternalDatabase {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  readonly authToken: string | undefined;
  /** True if the user allows erasing contents that no test wrote. */
  readonly mayErase: boolean;
}

export const DATABASE_URL = "SPIKE_TEST_DATABASE_URL";
const AUTH_TOKEN = "SPIKE_TEST_DATABASE_AUTH_TOKEN";
export const ERASE = "SPIKE_TEST_DATABASE_ERASE";

/**
 * The databases of `SPIKE_TEST_DATABASE_URL`, which replace the development server in tests, `verify:consistency` and
 * `bench`. Errors quote no URL. @throws CommandError with exit code 2
 */
export function readExternalDatabases(env: NodeJS.ProcessEnv): readonly ExternalDatabase[] {
  return parseExternalDatabases(env[DATABASE_URL] ?? "", { env, source: DATABASE_URL });
}

/**
 * Parses a comma-separated list of URLs. Their token, and the host that may be erased, are in the environment.
 *
 * @param options `source`: the variable or the option with the list, for errors
 */
export function parseExternalDatabases(
  list: string,
  { env, source }: { readonly env: NodeJS.ProcessEnv; readonly source: string },
): readonly ExternalDatabase[] {
  const text = list.trim();
  if (text === "") return [];
  const authToken = env[AUTH_TOKEN]?.trim() || undefined;
  const erase = env[ERASE]?.trim();
  const databases = text.split(",").map((each) => {
    const url = toHttpUrl(each.trim(), source);
    return { url: url.href, authToken, mayErase: erase === url.host };
  });
  const hosts = databases.map(({ url }) => new URL(url).host);
  if (new Set(databases.map(({ url }) => url)).size < databases.length) {
    throw invalid(source, "it names a database twice");
  }
  if (erase !== undefined && erase !== "" && !hosts.includes(erase)) {
    throw invalid(ERASE, `it must be the host of the database to erase: ${hosts.join(" or ")}`);
  }
  return databases;
}

function toHttpUrl(text: string, source: string): URL {
  if (!URL.canParse(text)) throw invalid(source, "it is not a URL or a comma-separated list of URLs");
  const { protocol, host, pathname, username, password, searchParams, hash } = new URL(text);
  if (!["libsql:", "https:", "http:"].includes(protocol)) {
    throw invalid(source, "it is not a libsql:, https: or http: URL");
  }
  const tls = searchParams.get("tls");
  const isBare = username + password + hash === "" && [...searchParams.keys()].every((key) => key === "tls");
  if (!isBare || (tls !== null && !["0", "1"].includes(tls))) {
    throw invalid(source, `it has a user, a query or a fragment; put the token into ${AUTH_TOKEN}`);
  }
  const isPlain = tls === "0" || (tls === null && protocol === "http:");
  return new URL(`${isPlain ? "http" : "https"}://${host}${pathname}`);
}

function invalid(source: string, why: string): CommandError {
  return usageError(`Cannot use ${source}: ${why}`);
}

/** An external database with an empty store. */
export interface ClaimedDatabase {
  /** A local address that needs no token. */
  readonly url: string;
  /** Ends all requests. The contents stay, and the next claim erases them. */
  close(): Promise<void>;
}

/**
 * Erases the database and migrates it. It gets a mark, a table, before it has any other. Without this mark, a database
 * that is not empty is refused, unless `mayErase` is set.
 *
 * @throws CommandError if the database is not empty and has no mark
 */
export async function claimDatabase(database: ExternalDatabase): Promise<ClaimedDatabase> {
  const gateway = await startGateway(database);
  try {
    await withClient(gateway, async (client) => {
      const objects = await objectsOf(client);
      requireMark(objects, database);
      // One transaction without foreign keys: tables refer to each other in any order.
      await client.migrate([CREATE_MARK, ...dropAll(objects)]);
    });
    await applyMigrations({ url: gateway.url });
    return gateway;
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** Erases a database that is marked, and removes the mark. Leaves any other database unchanged. */
export async function releaseDatabase(database: ExternalDatabase): Promise<void> {
  const gateway = await startGateway(database);
  try {
    await withClient(gateway, async (client) => {
      const objects = await objectsOf(client);
      if (!objects.some(isMark)) return;
      await client.migrate([...dropAll(objects), `DROP TABLE ${MARK}`]);
    });
  } finally {
    await gateway.close();
  }
}

const MARK = "spike_test_database";
const CREATE_MARK = `CREATE TABLE IF NOT EXISTS ${MARK} (may_be_erased INTEGER) STRICT`;

interface SchemaObject {
  readonly type: string;
  readonly name: string;
}

/** Tables, views and triggers, without those of the server. Indexes disappear with their tables. */
async function objectsOf(client: Client): Promise<readonly SchemaObject[]> {
  const { rows } = await client.execute("SELECT type, name FROM sqlite_master WHERE type <> 'index'");
  return rows.flatMap(({ type, name }) => {
    if (typeof type !== "string" || typeof name !== "string") return [];
    return /^(?:sqlite_|libsql_|_litestream_)/.test(name) ? [] : [{ type, name }];
  });
}

const isMark = ({ name }: SchemaObject): boolean => name === MARK;

function requireMark(objects: readonly SchemaObject[], { url, mayErase }: ExternalDatabase): void {
  if (objects.length === 0 || objects.some(isMark) || mayErase) return;
  const { host } = new URL(url);
  throw new CommandError(
    `Cannot use the database at "${host}" for tests: it has ${objects.length} tables, views or triggers that no test ` +
      `created, and tests erase everything. Use an empty database, or set ${ERASE}=${host}`,
    { exitCode: 2 },
  );
}

function dropAll(objects: readonly SchemaObject[]): readonly string[] {
  const order = ["trigger", "view", "table"];
  return objects
    .filter((object) => !isMark(object))
    .toSorted((one, other) => order.indexOf(one.type) - order.indexOf(other.type))
    .map(({ type, name }) => `DROP ${type} "${name.replaceAll('"', '""')}"`);
}

async function withClient(
  { url }: Pick<DatabaseGateway, "url">,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = createClient({ url });
  try {
    await work(client);
  } finally {
    client.close();
  }
}
