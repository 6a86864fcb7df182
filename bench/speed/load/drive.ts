import { Pool } from "undici";
import { quantile } from "../statistics.ts";
import type { Side } from "./side.ts";

/** What came of some load. Rates are of good answers alone. */
export interface Sample {
  readonly requests: number;
  readonly late: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

/** So many clients, each asking again as soon as it is answered, until the time or the requests are used up. */
export interface Load {
  readonly clients: number;
  readonly seconds: number;
  readonly requests?: number;
}

const LONGEST_ANSWER_IN_ERROR = 300;

/** Sends one side its load; the first wrong answer ends everything. `next` numbers the requests. */
export async function drive(side: Side, load: Load, next: () => number): Promise<Sample> {
  const pools = side.urls.map((url) => new Pool(url, { pipelining: 1 }));
  const latencies: number[] = [];
  const most = load.requests ?? Number.POSITIVE_INFINITY;
  let sentSoFar = 0;
  let late = 0;
  const began = performance.now();
  const until = began + load.seconds * 1000;
  const client = async (_: unknown, number: number): Promise<void> => {
    const pool = pools[number % pools.length];
    while (pool !== undefined && performance.now() < until && sentSoFar < most) {
      sentSoFar += 1;
      const { path, headers, body } = side.ask(next(), number);
      const sent = performance.now();
      const answer = await pool.request({ path, headers, body, method: "POST" });
      const text = await answer.body.text();
      latencies.push(performance.now() - sent);
      const worth = side.worth(answer.statusCode, text);
      if (worth === "late") late += 1;
      if (worth === "wrong") {
        throw new Error(`${side.name} answered ${answer.statusCode}: ${text.slice(0, LONGEST_ANSWER_IN_ERROR)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: load.clients }, client));
  } finally {
    await Promise.all(pools.map(async (pool) => await pool.destroy()));
  }
  const elapsed = (performance.now() - began) / 1000;
  return {
    requests: latencies.length,
    late,
    perSecond: (latencies.length - late) / elapsed,
    p50Ms: quantile(latencies, 0.5),
    maxMs: quantile(latencies, 1),
  };
}
