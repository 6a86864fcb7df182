import { sql, type SQL } from "drizzle-orm";

/** Milliseconds since the epoch, by the database's clock: one clock for all workers. Constant within a statement. */
export const now: SQL = sql`cast(unixepoch('subsec') * 1000 as integer)`;
