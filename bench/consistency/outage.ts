import { setTimeout as pause } from "node:timers/promises";
import type { Cluster } from "./cluster/cluster.ts";
import type { Exchange } from "./history/history.ts";

/** The load that waiting clients put on a database that was unavailable. */
export interface Outage {
  readonly clients: number;
  /** How long the database was unavailable. */
  readonly durationMs: number;
  /** Database requests during the outage, and from the database's return to the last client's response. */
  readonly requestsDuring: number;
  readonly requestsAfter: number;
  /** Maximum number of database requests within 100 ms after the database's return. */
  readonly peakAfter: number;
  /** Time from the database's return to the last response. */
  readonly recoveryMs: number;
  /** Number of responses by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const OUTAGE_MS = 2000;
const PEAK_WINDOW_MS = 100;

/** Kills the database, lets all clients send a request at once, starts the database, and counts its requests. */
export async function runOutage(
  { database, workers }: Cluster,
  options: {
    readonly clients: number;
    readonly now: () => number;
    readonly send: (index: number) => Promise<Exchange>;
  },
): Promise<Outage> {
  const { clients, now, send } = options;
  const requestTimes: number[] = [];
  for (const { databaseProxy } of workers) {
    databaseProxy.inject(() => {
      requestTimes.push(now());
      return "pass";
    });
  }
  await database.kill();
  const pending = Array.from({ length: clients }, (_, index) => send(index));
  await pause(OUTAGE_MS);
  await database.start();
  const returnedAt = now();
  const exchanges = await Promise.all(pending);
  const recoveryMs = Math.round(now() - returnedAt);
  for (const { databaseProxy } of workers) databaseProxy.inject(() => "pass");
  const after = requestTimes.filter((time) => time >= returnedAt);
  const byStatus = Object.groupBy(exchanges, ({ status }) => String(status));
  return {
    clients,
    durationMs: OUTAGE_MS,
    requestsDuring: requestTimes.length - after.length,
    requestsAfter: after.length,
    peakAfter: Math.max(0, ...after.map((time, index) => countWithinWindow(after, time, index))),
    recoveryMs,
    statuses: Object.fromEntries(Object.entries(byStatus).map(([status, all]) => [status, all?.length ?? 0])),
  };
}

/** The number of times from index `first` on that are less than a window later. */
function countWithinWindow(times: readonly number[], start: number, first: number): number {
  const end = times.findIndex((time, index) => index > first && time >= start + PEAK_WINDOW_MS);
  return (end < 0 ? times.length : end) - first;
}
