/** Go's zero time, which SPIKE's clients expect in place of a missing time. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** Formats milliseconds since the epoch as RFC 3339 in UTC, with milliseconds. */
export function wireTime(at: number): string {
  return new Date(at).toISOString();
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/**
 * Parses an RFC 3339 time to milliseconds since the epoch. Finer fractions are dropped.
 *
 * A leap second exists only where UTC is 23:59:60 (RFC 3339, section 5.7). It counts as the first second of the next day.
 */
export function parseWireTime(text: string): number | "malformed" {
  const [, year, month, day, hour, minute, second, fraction = "", sign, ...offset] = RFC_3339.exec(text) ?? [];
  if (year === undefined) return "malformed";
  const at = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // February 31 would become March 3.
  if (at.getUTCMonth() !== Number(month) - 1 || at.getUTCDate() !== Number(day)) return "malformed";
  at.setUTCHours(Number(hour), Number(minute), Number(second), Number(fraction.slice(0, 3).padEnd(3, "0")));
  const [hours = 0, minutes = 0] = sign === undefined ? [] : offset.map(Number);
  at.setTime(at.getTime() - (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000);
  const isMidnight = at.getUTCHours() === 0 && at.getUTCMinutes() === 0;
  return second === "60" && !isMidnight ? "malformed" : at.getTime();
}
