import type { InStatement, ResultSet } from "@libsql/client/web";

/** How a batch runs: `"read"` sees one snapshot, `"write"` is all or nothing. */
export type Mode = "read" | "write";

/**
 * Runs one batch as one transaction in one round trip. Rejects with {@link StoreUnavailable}, and with nothing else.
 */
export type Execute = (
  statements: readonly InStatement[],
  mode: Mode,
  signal: AbortSignal,
) => Promise<readonly ResultSet[]>;
