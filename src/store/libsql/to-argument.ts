import type { InValue } from "@libsql/client/web";

/**
 * A value as the driver has to receive it. Every number in the schema is an integer, but the driver sends a JavaScript number as
 * a float.
 *
 * Applied after Drizzle has filled the placeholders, because constants and its encoders put numbers among the parameters.
 */
export function toArgument(value: unknown): Exclude<InValue, number | boolean | Date> {
  if (typeof value === "number") return BigInt(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === null || typeof value === "string" || typeof value === "bigint" || value instanceof Uint8Array)
    return value;
  throw new TypeError("Cannot bind a value: it is not a text, integer, boolean, byte array or null");
}
