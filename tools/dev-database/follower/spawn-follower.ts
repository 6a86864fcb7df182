import type { FollowerOptions, FollowerProcess } from "./follower-types.ts";

/** Starts a follower in its own process, which ends with this one. */
export async function spawnFollower(options: FollowerOptions): Promise<FollowerProcess> {
  throw new Error(`Cannot start a follower of "${options.primaryUrl}": this part is not written yet`);
}
