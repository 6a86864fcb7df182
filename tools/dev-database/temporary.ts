import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startDevDatabase, type DevDatabase, type DevDatabaseOptions } from "./server.ts";

export interface TemporaryDatabase extends DevDatabase {
  readonly file: string;
  /** Sends one pipeline and gives back its HTTP status and its JSON. */
  readonly pipeline: (requests: readonly unknown[], more?: PipelineOptions) => Promise<PipelineAnswer>;
}

export interface PipelineOptions {
  readonly baton?: string | null;
  readonly version?: 2 | 3;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PipelineAnswer {
  readonly status: number;
  readonly baton: string | null;
  readonly results: readonly unknown[];
  readonly code: string | undefined;
}

/** A folder that goes when the test is over. */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, "dev-database-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on a file of its own that stops when the test is over. */
export async function temporaryDatabase(options: Partial<DevDatabaseOptions> = {}): Promise<TemporaryDatabase> {
  const file = options.file ?? join(await temporaryFolder(), "test.db");
  const database = await startDevDatabase({ ...options, file });
  onTestFinished(() => database.close());
  return { ...database, file, pipeline: (requests, more) => postPipeline(database.url, requests, more) };
}

export async function postPipeline(
  url: string,
  requests: readonly unknown[],
  { baton, version = 2, headers }: PipelineOptions = {},
): Promise<PipelineAnswer> {
  const response = await fetch(`${url}/v${version}/pipeline`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ baton, requests }),
  });
  const body: Partial<PipelineAnswer> = await response.json();
  return { status: response.status, baton: body.baton ?? null, results: body.results ?? [], code: body.code };
}

export function executeRequest(sql: string, args: readonly unknown[] = []): unknown {
  return { type: "execute", stmt: { sql, args } };
}

export const CLOSE = { type: "close" };
