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

const MIN_OUTAGE_MS = 2000;
/** Less than the service's deadline. A busy machine needs longer until all clients wait. */
const MAX_OUTAGE_MS = 5000;
const PEAK_WINDOW_MS = 100;

/**
 * Disconnects all workers from the database, lets all clients send a request at once, connects the workers again, and
 * counts the requests to the database. If the run started the database, it is also killed, and started again at the
 * end.
 */
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
  let isDisconnected = true;
  const proxies = workers.flatMap(({ databaseProxy, replicaProxy }) => [databaseProxy, replicaProxy]);
  for (const proxy of proxies) {
    proxy.inject(() => {
      requestTimes.push(now());
      return isDisconnected ? "cut-request" : "pass";
    });
  }
  await database.process?.kill();
  await database.process?.start();
  const startedAt = now();
  const pending = Array.from({ length: clients }, (_, index) => send(index));
  await pause(MIN_OUTAGE_MS);
  while (requestTimes.length < clients && now() < startedAt + MAX_OUTAGE_MS) await pause(20);
  isDisconnected = false;
  const returnedAt = now();
  const exchanges = await Promise.all(pending);
  const recoveryMs = Math.round(now() - returnedAt);
  for (const proxy of proxies) proxy.inject(() => "pass");
  const after = requestTimes.filter((time) => time >= returnedAt);
  const byStatus = Object.groupBy(exchanges, ({ status }) => String(status));
  return {
    clients,
    durationMs: Math.round(returnedAt - startedAt),
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
