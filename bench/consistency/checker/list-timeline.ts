import { endInterval, type Intervals, startInterval } from "./intervals.ts";
import { partitionPoint } from "./partition-point.ts";
import type { SecretTimeline } from "./secret-timeline.ts";

/** Digests are added modulo this number, so that sums stay exact. */
const MODULUS = 2 ** 52;

/** The set of paths below any prefix, at all revisions. A set is identified by the sum of its paths' digests. */
export class ListTimeline {
  readonly #secrets: ReadonlyMap<string, SecretTimeline>;
  readonly #sortedPaths: readonly string[];
  readonly #statesByPrefix = new Map<string, ReadonlyMap<number, Intervals>>();

  constructor(secrets: ReadonlyMap<string, SecretTimeline>) {
    this.#secrets = secrets;
    this.#sortedPaths = [...secrets.keys()].toSorted();
  }

  /** The revisions at which exactly `paths`, which are distinct, exist below `prefix`. Undefined if there are none. */
  revisionsOf(prefix: string, paths: readonly string[]): Intervals | undefined {
    let sum = 0;
    for (const path of paths) {
      const secret = this.#secrets.get(path);
      if (secret === undefined || !path.startsWith(prefix)) return undefined;
      sum = (sum + secret.digest) % MODULUS;
    }
    return this.#statesOf(prefix).get(sum);
  }

  /** All secrets below `prefix` that exist at any revision. */
  secretsBelow(prefix: string): readonly SecretTimeline[] {
    const paths = this.#sortedPaths;
    const first = partitionPoint(paths.length, (index) => (paths[index] ?? "") >= prefix);
    const found: SecretTimeline[] = [];
    for (let index = first; index < paths.length; index += 1) {
      const path = paths[index] ?? "";
      if (!path.startsWith(prefix)) break;
      const secret = this.#secrets.get(path);
      if (secret !== undefined) found.push(secret);
    }
    return found;
  }

  #statesOf(prefix: string): ReadonlyMap<number, Intervals> {
    const known = this.#statesByPrefix.get(prefix);
    if (known !== undefined) return known;
    const states = statesOf(this.secretsBelow(prefix));
    this.#statesByPrefix.set(prefix, states);
    return states;
  }
}

/** Revisions by the sum of the digests of the paths that exist at them. */
function statesOf(secrets: readonly SecretTimeline[]): ReadonlyMap<number, Intervals> {
  const changes = secrets
    .flatMap(({ exists, digest }) =>
      exists
        .filter((boundary) => boundary < Infinity)
        .map((revision, index) => ({ revision, digest: index % 2 === 0 ? digest : MODULUS - digest })),
    )
    .sort((one, other) => one.revision - other.revision);
  let sum = 0;
  let state: Intervals = [0, Infinity];
  const states = new Map<number, Intervals>([[sum, state]]);
  for (const { revision, digest } of changes) {
    endInterval(state, revision);
    sum = (sum + digest) % MODULUS;
    state = states.get(sum) ?? [];
    states.set(sum, state);
    startInterval(state, revision);
  }
  return states;
}
