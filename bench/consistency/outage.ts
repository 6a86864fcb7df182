import { setTimeout as pause } from "node:timers/promises";
import type { Attempt } from "./history/history.ts";
import type { Edge } from "./edge/edge.ts";

/** What 500 waiting clients cost a database that comes back. */
export interface Outage {
  readonly clients: number;
  /** How long the database was away. */
  readonly awayMs: number;
  /** Database requests while it was away, and from its return until the last client had its answer. */
  readonly whileAway: number;
  readonly afterReturn: number;
  /** The most of them within any 100 ms after the return. */
  readonly peak: number;
  /** From its return to the last answer. */
  readonly settledMs: number;
  /** Answers by status. */
  readonly answers: Readonly<Record<string, number>>;
}

const AWAY_MS = 2000;
const WINDOW_MS = 100;

/** Takes the database away, lets all clients ask at once, brings it back, and counts what reaches it. */
export async function outage(
  edge: Edge,
  options: {
    readonly clients: number;
    readonly now: () => number;
    readonly ask: (index: number) => Promise<Attempt>;
  },
): Promise<Outage> {
  const { clients, now } = options;
  const seen: number[] = [];
  for (const { database } of edge.places) {
    database.inject(() => {
      seen.push(now());
      return "pass";
    });
  }
  await edge.database.kill();
  const asked = Array.from({ length: clients }, (_, index) => options.ask(index));
  await pause(AWAY_MS);
  await edge.database.start();
  const back = now();
  const attempts = await Promise.all(asked);
  const end = now();
  for (const { database } of edge.places) database.inject(() => "pass");
  const after = seen.filter((time) => time >= back);
  const answers = Object.groupBy(attempts, ({ status }) => String(status));
  return {
    clients,
    awayMs: AWAY_MS,
    whileAway: seen.length - after.length,
    afterReturn: after.length,
    peak: Math.max(0, ...after.map((time, index) => busiest(after, time, index))),
    settledMs: Math.round(end - back),
    answers: Object.fromEntries(Object.entries(answers).map(([status, all]) => [status, all?.length ?? 0])),
  };
}

function busiest(times: readonly number[], from: number, index: number): number {
  const past = times.findIndex((time, at) => at > index && time >= from + WINDOW_MS);
  return (past < 0 ? times.length : past) - index;
}
