import type { Attempt, History, Operation } from "../history/history.ts";
import type { AnomalyKind } from "./anomaly.ts";
import type { Commits } from "./commit.ts";
import type { Exchanges } from "./exchanges.ts";
import type { Lists } from "./lists.ts";
import type { World } from "./replay.ts";
import { emptyTrack, type SecretTrack } from "./secret-track.ts";

/** All that answers are judged by. */
export interface Scene {
  readonly history: History;
  readonly exchanges: Exchanges;
  readonly commits: Commits;
  readonly world: World;
  readonly lists: Lists;
  /** By value: the operation that was to write it. */
  readonly writers: ReadonlyMap<string, number>;
  /** By place: the position that its answer was given, -1 where it has none (yet). */
  readonly positions: Float64Array;
  /** By client: the places of its attempts by ascending call. Made when first asked for. */
  placesOf(client: number): readonly number[];
}

/** An answer, and the positions it may have. */
export interface Seen {
  readonly place: number;
  readonly operation: Operation;
  readonly attempt: Attempt;
  readonly lower: number;
  /** Place of the answer that raised `lower` to what it is; -1 = none. */
  readonly lowerBy: number;
  readonly upper: number;
}

/** What is wrong with an answer. */
export interface Problem {
  readonly kind: AnomalyKind;
  /** Operations involved besides the one that was answered. */
  readonly others?: readonly number[];
  readonly path?: string;
  readonly detail: string;
}

/** A path as the log made it, or one that never was. */
export function trackOf({ world }: Scene, path: string): SecretTrack {
  return world.secrets.get(path) ?? emptyTrack(path);
}

/** The positions an answer may have, for people. */
export function windowOf({ lower, upper }: Seen): string {
  return lower === upper ? `at revision ${lower}` : `between revisions ${lower} and ${upper}`;
}
