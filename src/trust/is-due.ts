/** Seconds. The standard's default (SPIFFE Trust Domain and Bundle, section 4.1.2), and the times between two looks. */
const DEFAULT_SECONDS = 300;
/** Longer hints are cut: a revoked key must not stay good for a day because its domain once said so, or for one missed look. */
const LONGEST_SECONDS = 900;

/**
 * Whether a bundle should be fetched at this look, by the seconds after which its domain wants it looked at again.
 *
 * Nothing of the last look is kept, so time is cut into slots of that length, which are the same for all workers: a bundle is due
 * at the first look in each of its slots. A slot shorter than the time between two looks makes it due at each.
 *
 * @param look `at` and `every` in milliseconds: when this look is, and how long before it the last one was
 */
export function isDue(hint: number | null, { at, every }: { readonly at: number; readonly every: number }): boolean {
  const slotMs = Math.min(hint ?? DEFAULT_SECONDS, LONGEST_SECONDS) * 1000;
  if (slotMs <= every) return true;
  return Math.floor(at / slotMs) !== Math.floor((at - every) / slotMs);
}
