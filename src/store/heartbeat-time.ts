/**
 * A heartbeat that is further ahead of a worker's clock has a wrong time: it proves nothing to that worker, who may replace it.
 * Milliseconds.
 */
export const MAX_AHEAD_MS = 60_000;
