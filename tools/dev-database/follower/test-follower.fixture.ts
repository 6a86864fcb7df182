import { join } from "node:path";
import { type Client, createClient } from "@libsql/client/web";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../../dev/temporary-folder.fixture.ts";
import type { DevDatabaseOptions } from "../server.ts";
import { CLOSE, postPipeline, testDatabase, type TestDatabase } from "../test-database.fixture.ts";
import type { Follower, FollowerOptions } from "./follower-types.ts";
import { startFollower } from "./start-follower.ts";

export interface TestFollower extends Follower {
  /** A new client of the follower. */
  client(): Client;
}

/** A primary that allows followers. */
export async function testPrimary(options: Partial<DevDatabaseOptions> = {}): Promise<TestDatabase> {
  return await testDatabase({ ...options, followers: true });
}

/** A follower on its own file. It stops when the test ends. */
export async function testFollower(primaryUrl: string, options: Partial<FollowerOptions> = {}): Promise<TestFollower> {
  const file = join(temporaryFolder(), "follower.db");
  const follower = await startFollower({ file, ...options, primaryUrl });
  onTestFinished(() => follower.close());
  return { ...follower, client: () => clientOf(follower.url) };
}

export function clientOf(url: string): Client {
  const client = createClient({ url, intMode: "bigint" });
  onTestFinished(() => client.close());
  return client;
}

/** A primary with a table `t`, and its follower, which has applied the table. */
export async function primaryAndFollower({ delayMs = 0, busyTimeoutMs = 5_000 } = {}) {
  const primary = await testPrimary({ busyTimeoutMs });
  const write = primary.client();
  await write.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE) STRICT");
  const follower = await testFollower(primary.url, { delayMs });
  return { primary, write, follower, read: follower.client() };
}

/** The largest `a` of the table `t`, or null. */
export async function lastRow(client: Client): Promise<unknown> {
  return (await client.execute("SELECT max(a) AS last FROM t")).rows[0]?.["last"];
}

export interface StepOutcome {
  readonly rows?: readonly unknown[];
  readonly affected?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Runs statements as one batch, without conditions. */
export async function runBatch(url: string, statements: readonly string[]): Promise<readonly StepOutcome[]> {
  const steps = statements.map((sql) => ({ stmt: { sql } }));
  const { results } = await postPipeline(url, [{ type: "batch", batch: { steps } }, CLOSE]);
  const [first] = results as readonly {
    readonly response: {
      readonly result: {
        readonly step_results: readonly ({
          readonly rows: readonly unknown[];
          readonly affected_row_count: number;
        } | null)[];
        readonly step_errors: readonly (StepOutcome["error"] | null)[];
      };
    };
  }[];
  const { step_results: answers = [], step_errors: errors = [] } = first?.response.result ?? {};
  return answers.map((answer, index) => {
    const error = errors[index];
    return answer === null
      ? error === null || error === undefined
        ? {}
        : { error }
      : { rows: answer.rows, affected: answer.affected_row_count };
  });
}
