import { callNexus, type Connection, type JsonObject, RetryableError } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo, Progress } from "../cli-io.ts";
import { countRows, readRingStatus, type RingStatus } from "./key-status.ts";

/** A row is skipped when another request writes it at the same moment. It is very unlikely to be skipped in every pass. */
const MAX_PASSES = 5;
const MAX_ATTEMPTS = 10;
const MAX_ROWS_PER_PAGE = 100;
const RETRY_DELAY_MS = 1000;

/**
 * `spike operator rewrap`: moves all rows to the first key, page by page, while the service keeps running. Can be interrupted and
 * repeated: rows that are already under that key are skipped.
 */
export async function rewrap(io: CliIo, connection: Connection): Promise<void> {
  const before = await readRingStatus(io, connection);
  if (before.primary !== undefined && before.primary !== before.first) {
    throw new CliError(
      `Cannot rewrap: "${before.first}" is first in SPIKE_ROOT_KEYS, but rows are written under "${before.primary}". Run "spike operator register ${before.first}" first, or put "${before.primary}" first.`,
    );
  }
  const progress = io.startProgress(countOutdatedRows(before));
  const failed = new Set<string>();
  let rewrapped = 0;
  try {
    for (let count = 1; count <= MAX_PASSES; count += 1) {
      const pass = await rewrapAllPages(io, connection, progress);
      rewrapped += pass.rewrapped;
      for (const resource of pass.failed) failed.add(resource);
      if (pass.lost === 0) break;
    }
  } catch (error) {
    progress.fail("Stopped early. Finished rows stay under the new key: run the command again to continue.");
    throw error;
  }
  progress.end(`Moved ${rewrapped} rows to "${before.first}".`);
  for (const resource of failed) io.log(`${resource} does not verify and was left unchanged.`);
  const left = countOutdatedRows(await readRingStatus(io, connection));
  if (left === 0) {
    io.log("No row needs another key.");
    return;
  }
  throw new CliError(
    `Cannot finish the rewrap: ${left} rows are still under other keys. Run "spike operator status" for details.`,
  );
}

interface Pass {
  rewrapped: number;
  lost: number;
  readonly failed: string[];
}

async function rewrapAllPages(io: CliIo, connection: Connection, progress: Progress): Promise<Pass> {
  const pass: Pass = { rewrapped: 0, lost: 0, failed: [] };
  for (let after: unknown = ""; typeof after === "string";) {
    const page = await rewrapPage(io, connection, after);
    const rewrapped = Number(page["rewrapped"]);
    pass.rewrapped += rewrapped;
    pass.lost += Number(page["lost"]);
    if (Array.isArray(page["failed"])) pass.failed.push(...page["failed"].map(String));
    after = page["next"];
    progress.advance(rewrapped, typeof after === "string" ? after : "end");
  }
  return pass;
}

async function rewrapPage(io: CliIo, connection: Connection, after: string): Promise<JsonObject> {
  for (let attempt = 1, limit = MAX_ROWS_PER_PAGE; ; attempt += 1) {
    try {
      return await callNexus(io, connection, { action: "rewrap", target: "operator/rewrap", body: { after, limit } });
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt >= MAX_ATTEMPTS) throw error;
      // A page of rows with many versions may exceed the request's deadline. Retry with a smaller page.
      limit = Math.ceil(limit / 2);
      await io.sleep(RETRY_DELAY_MS * attempt);
    }
  }
}

function countOutdatedRows({ keys, first }: RingStatus): number {
  return keys.filter(({ keyId }) => keyId !== first).reduce((sum, key) => sum + countRows(key), 0);
}
