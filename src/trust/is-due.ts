/** Default of the standard (SPIFFE Trust Domain and Bundle, section 4.1.2). It is also the interval of the schedule. */
const DEFAULT_SECONDS = 300;
/** Caps longer hints: a key that its domain revoked must not stay valid for a day because of a hint. */
const MAX_SECONDS = 900;

/**
 * Whether a bundle should be fetched in this run of the schedule, by its `spiffe_refresh_hint` in seconds.
 *
 * Nothing is remembered between runs. Time is divided into slots of the hint's length, the same for all workers, and a
 * bundle is due in the first run of each slot. If a slot is shorter than the interval of the runs, it is due in every run.
 *
 * @param run `at`: time of this run; `every`: time since the previous run; both in milliseconds
 */
export function isDue(hint: number | null, { at, every }: { readonly at: number; readonly every: number }): boolean {
  const slotMs = Math.min(hint ?? DEFAULT_SECONDS, MAX_SECONDS) * 1000;
  if (slotMs <= every) return true;
  return Math.floor(at / slotMs) !== Math.floor((at - every) / slotMs);
}
