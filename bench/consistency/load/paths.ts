import type { Random } from "../random.ts";

/** Each team has one workload, and at most one policy, which grants permissions below `team/NAME/`. */
export const TEAMS = ["red", "green", "blue", "gold"] as const;

export type Team = (typeof TEAMS)[number];

/** A few hot paths and many cold ones. Cold paths are in groups, so that lists have a limited length. */
export interface Paths {
  /** The path that all clients of a team write all the time. */
  hot(team: Team): string;
  cold(team: Team, random: Random): string;
  /** A path of its own for one operation, which no other operation writes. */
  quiet(team: Team, id: number): string;
  /** A prefix to list: usually of one group of cold paths, sometimes a shorter one if there are not too many paths. */
  prefix(team: Team, random: Random): string;
}

/** Part of all quiet paths, and of no other. */
export const QUIET = "/quiet/";

const GROUP_SIZE = 40;
/** The service lists at most 10 000 paths. */
const MAX_LISTED = 8000;
const SHORT_PREFIX_RATE = 0.1;

/** @param coldCount approximate number of cold paths */
export function createPaths(coldCount: number): Paths {
  const groups = Math.max(1, Math.ceil(coldCount / TEAMS.length / GROUP_SIZE));
  const group = (team: Team, random: Random): string => `team/${team}/cold/${random.below(groups)}/`;
  return {
    hot: (team) => `team/${team}/hot`,
    quiet: (team, id) => `team/${team}${QUIET}${id}`,
    cold: (team, random) => `${group(team, random)}${random.below(GROUP_SIZE)}`,
    prefix(team, random) {
      const isTooMany = groups * GROUP_SIZE * TEAMS.length > MAX_LISTED;
      if (isTooMany || !random.chance(SHORT_PREFIX_RATE)) return group(team, random);
      return random.pick(["", "team/", `team/${team}/`, `team/${team}/h`]);
    },
  };
}
