import type { Permission } from "../history/history.ts";
import { close, type Intervals, isOpen, open } from "./intervals.ts";

/** The policy of one team through all positions. */
export interface PolicyTrack {
  readonly exists: Intervals;
  readonly read: Intervals;
  readonly write: Intervals;
  readonly list: Intervals;
}

const PERMISSIONS: readonly Permission[] = ["read", "write", "list"];

/** A team without a policy. */
export function emptyPolicy(): PolicyTrack {
  return { exists: [], read: [], write: [], list: [] };
}

/** Replaces a policy, or takes it away for `undefined`. */
export function changePolicy(track: PolicyTrack, permissions: readonly Permission[] | undefined, at: number): void {
  set(track.exists, permissions !== undefined, at);
  for (const permission of PERMISSIONS) set(track[permission], permissions?.includes(permission) === true, at);
}

function set(intervals: Intervals, wanted: boolean, at: number): void {
  if (isOpen(intervals) === wanted) return;
  if (wanted) open(intervals, at);
  else close(intervals, at);
}
