import { Pool } from "undici";
import { quantile } from "../statistics.ts";
import type { LoadTarget } from "./load-target.ts";

export interface Sample {
  readonly requests: number;
  readonly unavailable: number;
  /** Correct responses per second. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly maxMs: number;
}

/** Each client sends its next request as soon as it has a response, until the time or the number of requests is used up. */
interface Load {
  readonly clients: number;
  readonly seconds: number;
  readonly requests?: number;
  readonly nextNumber: () => number;
}

const MAX_BODY_IN_ERROR = 300;

/** Loads one target. @throws Error at the first wrong response */
export async function runLoad(target: LoadTarget, load: Load): Promise<Sample> {
  const pools = target.urls.map((url) => new Pool(url, { pipelining: 1 }));
  const latencies: number[] = [];
  const maxRequests = load.requests ?? Number.POSITIVE_INFINITY;
  let started = 0;
  let unavailable = 0;
  const startTime = performance.now();
  const endTime = startTime + load.seconds * 1000;
  const runClient = async (_: unknown, client: number): Promise<void> => {
    const pool = pools[client % pools.length];
    while (pool !== undefined && performance.now() < endTime && started < maxRequests) {
      started += 1;
      const { path, headers, body } = target.request(load.nextNumber(), client);
      const sentTime = performance.now();
      const response = await pool.request({ path, headers, body, method: "POST" });
      const text = await response.body.text();
      latencies.push(performance.now() - sentTime);
      const outcome = target.classify(response.statusCode, text);
      if (outcome === "unavailable") unavailable += 1;
      if (outcome === "wrong") {
        throw new Error(`${target.name} responded with ${response.statusCode}: ${text.slice(0, MAX_BODY_IN_ERROR)}`);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: load.clients }, runClient));
  } finally {
    await Promise.all(pools.map(async (pool) => await pool.destroy()));
  }
  const elapsedSeconds = (performance.now() - startTime) / 1000;
  return {
    requests: latencies.length,
    unavailable,
    perSecond: (latencies.length - unavailable) / elapsedSeconds,
    p50Ms: quantile(latencies, 0.5),
    maxMs: quantile(latencies, 1),
  };
}
