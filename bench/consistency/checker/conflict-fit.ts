import type { Request } from "../history/history.ts";
import type { Fit } from "./fit.ts";
import { isInside, nextBound } from "./intervals.ts";
import { newestAt, nextPut, type SecretTrack } from "./secret-track.ts";

/** Highest number written in the life at a position; 0 = the path does not exist. */
export function latestAt(track: SecretTrack, position: number): number {
  return isInside(track.exists, position) ? (newestAt(track, position)?.latest ?? 0) : 0;
}

/** Explained where the expectation does not hold. */
export function conflictFit(
  track: SecretTrack,
  { kind, cas }: { readonly kind: Request["kind"]; readonly cas: number },
): Fit {
  return {
    next(from) {
      let position = from;
      while (position < Infinity) {
        const latest = latestAt(track, position);
        // What does not exist can neither be deleted nor restored: that is another refusal.
        if (latest !== cas && (latest > 0 || kind === "put")) return position;
        position = Math.min(nextPut(track, position), nextBound(track.exists, position));
      }
      return Infinity;
    },
  };
}
