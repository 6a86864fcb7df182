import type { Route } from "../history/history.ts";

export const ROUTES: readonly Route[] = ["primary", "through-replica", "replica-writes", "replica-reads"];

/** The staleness that workers with the route `replica-reads` allow. Short, so that faults of replicas exceed it. */
export const MAX_STALENESS_MS = 1000;

/**
 * For times that are rounded, and for two clocks of one machine. Workers whose clocks differ by the 10 minutes of a fault do not use
 * each other's heartbeats: those are too old, or more than a minute ahead.
 */
export const STALENESS_TOLERANCE_MS = 100;

interface Databases {
  readonly storeId: string;
  /** Of the primary; for the route `through-replica` of a replica. */
  readonly databaseUrl: string;
  readonly replicaUrl: string;
}

/** The settings of a worker that name its databases. */
export function databaseSettings(
  route: Route,
  { databaseUrl, replicaUrl, storeId }: Databases,
): Readonly<Record<string, string>> {
  if (route === "through-replica") return { LIBSQL_URL: databaseUrl };
  const primary = { LIBSQL_URL: databaseUrl, LIBSQL_URL_IS_PRIMARY: "1" };
  if (route === "primary") return primary;
  if (route === "replica-writes") return { ...primary, LIBSQL_REPLICA_URL: replicaUrl };
  return {
    ...primary,
    LIBSQL_REPLICA_URL: replicaUrl,
    SPIKE_STORE_ID: storeId,
    SPIKE_REPLICA_READS: "1",
    SPIKE_REPLICA_MAX_STALENESS_MS: String(MAX_STALENESS_MS),
  };
}
