import type { Entry, History } from "../history/history.ts";
import { type Commits, pathOf } from "./commit.ts";
import { type Exchanges, exchangeAt } from "./exchanges.ts";
import type { Findings } from "./findings.ts";

/** What clocks of one machine, and their roundings, may be apart. */
const APART_MS = 2000;

/**
 * The times of changes: those of one resource never run backwards, and an acknowledged change happened while it was asked
 * for, by the clock of the machine that runs the database. That of the worker must not matter.
 */
export function checkTimes(history: History, commits: Commits, exchanges: Exchanges, findings: Findings): void {
  const { origin, operations } = history;
  const last = new Map<string, Entry>();
  for (const { entry, operation, place, presumed } of commits.all) {
    if (presumed) continue;
    const { resource, revision, at } = entry;
    const path = pathOf(entry);
    const where = { revision, ...(path !== undefined && { path }) };
    const involved = operation === undefined ? [] : [operation.id];
    const before = last.get(resource);
    last.set(resource, entry);
    if (before !== undefined && before.at > at) {
      const detail = `Revision ${revision} of ${resource} is ${before.at - at} ms before revision ${before.revision}.`;
      findings.add({ kind: "wrong_time", operations: involved, ...where, detail });
    }
    if (origin === undefined || place < 0) continue;
    const { attempt } = exchangeAt(exchanges, operations, place);
    const after = at - origin - attempt.call;
    if (attempt.status !== 200 || (after > -APART_MS && after < attempt.end - attempt.call + APART_MS)) continue;
    const detail = `Revision ${revision} has a time ${Math.round(after)} ms after it was asked for.`;
    findings.add({ kind: "wrong_time", operations: involved, ...where, detail });
  }
}
