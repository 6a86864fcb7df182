const SECONDS = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 } as const;
const MAX_SECONDS = 365 * SECONDS.d;

/** Parses a time such as `30s`, `15m`, `1h` or `2d` to seconds. Undefined if it is malformed, zero or over a year. */
export function parseTtl(text: string): number | undefined {
  const match = /^(\d{1,8})([smhd])$/.exec(text);
  if (match === null) return undefined;
  const [, count, unit] = match;
  const seconds = Number(count) * (isUnit(unit) ? SECONDS[unit] : Number.NaN);
  return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : undefined;
}

function isUnit(text: string | undefined): text is keyof typeof SECONDS {
  return text !== undefined && Object.hasOwn(SECONDS, text);
}
