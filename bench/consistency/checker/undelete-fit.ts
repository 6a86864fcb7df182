import { latestAt } from "./conflict-fit.ts";
import type { Fit } from "./fit.ts";
import { isInside, nextBound, nextInside } from "./intervals.ts";
import { newestAt, nextPut, type SecretTrack, versionAt } from "./secret-track.ts";

/** Explained where the path does not exist, or nothing among the listed is deleted and the expectation holds. */
export function undeleteFit(
  track: SecretTrack,
  { numbers, cas }: { readonly numbers: readonly number[]; readonly cas: number | undefined },
): Fit {
  return {
    next(from) {
      let position = from;
      while (position < Infinity) {
        if (!isInside(track.exists, position)) return position;
        if (cas !== undefined && latestAt(track, position) !== cas) {
          position = Math.min(nextPut(track, position), nextBound(track.exists, position));
          continue;
        }
        const until = Math.max(...listed(numbers).map((number) => deletedUntil(track, number, position)));
        if (until <= position) return position;
        position = until;
      }
      return Infinity;
    },
  };
}

function listed(numbers: readonly number[]): readonly number[] {
  return numbers.length === 0 ? [0] : numbers;
}

/** Up to where a version is deleted that is so at a position; else the position itself. */
function deletedUntil(track: SecretTrack, number: number, position: number): number {
  const version = number === 0 ? newestAt(track, position) : versionAt(track, number, position);
  if (version === undefined || version.gone <= position) return position;
  const until = Math.min(nextInside(version.live, position), version.gone);
  // Zero stands for another version after the next put.
  return number === 0 ? Math.min(until, Math.max(position, nextPut(track, position))) : until;
}
