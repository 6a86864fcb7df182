/** Go's zero time, which SPIKE's clients expect in place of a missing time. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** Formats milliseconds since the epoch as RFC 3339 in UTC, with milliseconds. */
export function wireTime(at: number): string {
  return new Date(at).toISOString();
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Parses an RFC 3339 time to milliseconds since the epoch. Finer fractions are dropped. */
export function parseWireTime(text: string): number | "malformed" {
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? "malformed" : at;
}
