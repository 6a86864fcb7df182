import { join } from "node:path";
import { type Client, createClient } from "@libsql/client/web";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import { type DevDatabase, type DevDatabaseOptions, startDevDatabase } from "./server.ts";

export interface TestDatabase extends DevDatabase {
  readonly file: string;
  /** A new client of the server. */
  client(): Client;
}

export interface PipelineReply {
  readonly status: number;
  readonly baton: string | null;
  readonly results: readonly unknown[];
  readonly code: string | undefined;
}

export const CLOSE = { type: "close" };

/** A server on its own file. It stops when the test ends. */
export async function testDatabase(options: Partial<DevDatabaseOptions> = {}): Promise<TestDatabase> {
  const file = options.file ?? join(temporaryFolder(), "test.db");
  const database = await startDevDatabase({ ...options, file });
  onTestFinished(() => database.close());
  return {
    ...database,
    file,
    client() {
      const { authToken } = options;
      const client = createClient({
        url: database.url,
        intMode: "bigint",
        ...(authToken !== undefined && { authToken }),
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** Sends one pipeline without the client. */
export async function postPipeline(
  url: string,
  requests: readonly unknown[],
  { baton, version = 2, headers }: PostOptions = {},
): Promise<PipelineReply> {
  const body = JSON.stringify({ baton, requests });
  const response = await fetch(`${url}/v${version}/pipeline`, { method: "POST", headers: { ...headers }, body });
  const reply: Partial<PipelineReply> = await response.json();
  return { status: response.status, baton: reply.baton ?? null, results: reply.results ?? [], code: reply.code };
}

export interface PostOptions {
  readonly baton?: string | null;
  readonly version?: 2 | 3;
  readonly headers?: Readonly<Record<string, string>>;
}
