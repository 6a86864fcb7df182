import type { Permission } from "../history/history.ts";
import { endInterval, type Intervals, isOpen, startInterval } from "./intervals.ts";

/** One team's policy at all revisions: when it exists, and when it grants each permission. */
export type PolicyTimeline = Readonly<Record<"exists" | Permission, Intervals>>;

const PERMISSIONS: readonly Permission[] = ["read", "write", "list"];

export function emptyPolicy(): PolicyTimeline {
  return { exists: [], read: [], write: [], list: [] };
}

/** Replaces the policy, or removes it if `permissions` is undefined. */
export function changePolicy(
  policy: PolicyTimeline,
  permissions: readonly Permission[] | undefined,
  revision: number,
): void {
  set(policy.exists, permissions !== undefined, revision);
  for (const permission of PERMISSIONS) set(policy[permission], permissions?.includes(permission) === true, revision);
}

function set(intervals: Intervals, wanted: boolean, revision: number): void {
  if (isOpen(intervals) === wanted) return;
  if (wanted) startInterval(intervals, revision);
  else endInterval(intervals, revision);
}
