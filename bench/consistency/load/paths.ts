import type { Chance } from "./chance.ts";

/** The teams of a run. Each has a workload of its own, and a policy that grants it something below `team/NAME/`. */
export const TEAMS = ["red", "green", "blue", "gold"] as const satisfies readonly [string, ...string[]];

export type Team = (typeof TEAMS)[number];

/** A few hot paths and many cold ones, these by the group, so that a list has an end. */
export interface Paths {
  /** One that all clients of the team write all the time. */
  hot(team: Team): string;
  cold(team: Team, chance: Chance): string;
  /** A prefix to list: mostly of a group of cold paths, and of more where there are not too many. */
  prefix(team: Team, chance: Chance): string;
}

/** Cold paths in a group. */
const GROUP = 40;
/** A list must not hold more than 10 000 names. */
const MOST_LISTED = 8000;
const WIDE = 0.1;

/** @param cold how many cold paths there are, about */
export function pathsOf(cold: number): Paths {
  const groups = Math.max(1, Math.ceil(cold / TEAMS.length / GROUP));
  const group = (team: Team, chance: Chance): string => `team/${team}/cold/${chance.below(groups)}/`;
  return {
    hot: (team) => `team/${team}/hot`,
    cold: (team, chance) => `${group(team, chance)}${chance.below(GROUP)}`,
    prefix(team, chance) {
      if (groups * GROUP * TEAMS.length > MOST_LISTED || !chance.hits(WIDE)) return group(team, chance);
      return chance.of(["", "team/", `team/${team}/`, `team/${team}/h`]);
    },
  };
}
