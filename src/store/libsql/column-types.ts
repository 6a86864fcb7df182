import { customType } from "drizzle-orm/sqlite-core";
import type { Bytes } from "../rows.ts";

/**
 * BLOB. Drizzle's own `blob()` needs `Buffer`, which Workers do not have.
 */
export const bytes = customType<{ data: Bytes; driverData: Bytes }>({ dataType: () => "blob" });

/** Milliseconds since the epoch, by the database's clock. */
export const time = customType<{ data: number; driverData: number }>({ dataType: () => "integer" });

/** 0 or 1. Drizzle's `integer({ mode: "boolean" })` sends JavaScript numbers, which the driver sends as floats. */
export const flag = customType<{ data: boolean; driverData: number | bigint }>({
  dataType: () => "integer",
  toDriver: (value) => (value ? 1n : 0n),
  fromDriver: (value) => Number(value) === 1,
});
