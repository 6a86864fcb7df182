import { CliError } from "../cli-error.ts";
import { askNexus, type Connection, TryAgain } from "../nexus.ts";
import type { Progress, Surroundings } from "../surroundings.ts";
import { readStatus, rowsOf, type Status } from "./key-status.ts";

/** A row can be lost to somebody who writes it at the same moment, again and again, but hardly as often as this. */
const MAX_WALKS = 5;
const MAX_TRIES = 10;
const MAX_ROWS = 100;
const PAUSE_MS = 1000;

/**
 * `spike operator rewrap`: puts all rows under the first key, page by page, beside all other traffic. Stopped, it goes on where it
 * was: rows under that key are passed over.
 */
export async function rewrap(surroundings: Surroundings, connection: Connection): Promise<void> {
  const before = await readStatus(surroundings, connection);
  if (before.primary !== undefined && before.primary !== before.first) {
    throw new CliError(
      `Cannot rewrap: "${before.first}" is first in SPIKE_ROOT_KEYS but not registered. Run "spike operator register ${before.first}" first.`,
    );
  }
  const progress = surroundings.progress(rowsUnderOthers(before));
  const failed = new Set<string>();
  let rewrapped = 0;
  try {
    for (let walk = 1; walk <= MAX_WALKS; walk += 1) {
      const found = await walkThrough(surroundings, connection, progress);
      rewrapped += found.rewrapped;
      for (const resource of found.failed) failed.add(resource);
      if (found.lost === 0) break;
    }
  } catch (error) {
    progress.fail("Stopped before the end. Rows that were put under the key stay there: begin again at any time.");
    throw error;
  }
  progress.end(`${rewrapped} rows are under "${before.first}" now.`);
  for (const resource of failed) surroundings.tell(`${resource} does not verify, and stays as it is.`);
  const left = rowsUnderOthers(await readStatus(surroundings, connection));
  if (left === 0) {
    surroundings.tell("No row needs another key.");
    return;
  }
  throw new CliError(
    `Cannot finish the rewrap: ${left} rows are still under other keys. "spike operator status" has more.`,
  );
}

interface Walk {
  rewrapped: number;
  lost: number;
  readonly failed: string[];
}

async function walkThrough(surroundings: Surroundings, connection: Connection, progress: Progress): Promise<Walk> {
  const walk: Walk = { rewrapped: 0, lost: 0, failed: [] };
  for (let after: unknown = ""; typeof after === "string";) {
    const page = await askPatiently(surroundings, connection, after);
    const rewrapped = Number(page["rewrapped"]);
    walk.rewrapped += rewrapped;
    walk.lost += Number(page["lost"]);
    if (Array.isArray(page["failed"])) walk.failed.push(...page["failed"].map(String));
    after = page["next"];
    progress.advance(rewrapped, typeof after === "string" ? after : "the end");
  }
  return walk;
}

async function askPatiently(
  surroundings: Surroundings,
  connection: Connection,
  after: string,
): Promise<Readonly<Record<string, unknown>>> {
  for (let tried = 1, limit = MAX_ROWS; ; tried += 1) {
    try {
      const body = { after, limit };
      return await askNexus(surroundings, connection, { what: "rewrap", target: "operator/rewrap", body });
    } catch (error) {
      if (!(error instanceof TryAgain) || tried >= MAX_TRIES) throw error;
      // Rows with many versions may take longer than a request may.
      limit = Math.ceil(limit / 2);
      await surroundings.sleep(PAUSE_MS * tried);
    }
  }
}

function rowsUnderOthers({ keys, first }: Status): number {
  return keys.filter(({ keyId }) => keyId !== first).reduce((sum, key) => sum + rowsOf(key), 0);
}
