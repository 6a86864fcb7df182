import { createClient } from "@libsql/client";

const SAMPLES = 5;

/** Unix milliseconds, by the clock of a database elsewhere, at which this process's monotonic clock started. */
export async function databaseTimeOrigin(url: string): Promise<number> {
  const client = createClient({ url });
  try {
    let best = { roundTripMs: Infinity, origin: 0 };
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const sentAt = performance.now();
      const { rows } = await client.execute("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)");
      const roundTripMs = performance.now() - sentAt;
      const origin = Number(rows[0]?.[0]) - (sentAt + roundTripMs / 2);
      if (roundTripMs < best.roundTripMs) best = { roundTripMs, origin };
    }
    return best.origin;
  } finally {
    client.close();
  }
}
