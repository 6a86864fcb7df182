import { close, type Intervals, open } from "./intervals.ts";
import type { SecretTrack } from "./secret-track.ts";

/** Sums of digests stay exact below it. */
const MODULUS = 2 ** 52;

/** Knows when the paths of a prefix were exactly some set. */
export class Lists {
  readonly #secrets: ReadonlyMap<string, SecretTrack>;
  readonly #sorted: readonly string[];
  readonly #byPrefix = new Map<string, ReadonlyMap<number, Intervals>>();

  constructor(secrets: ReadonlyMap<string, SecretTrack>) {
    this.#secrets = secrets;
    this.#sorted = [...secrets.keys()].toSorted();
  }

  /** Where the paths of that prefix are those, each named once; undefined = nowhere. */
  positionsOf(prefix: string, paths: readonly string[]): Intervals | undefined {
    let sum = 0;
    for (const path of paths) {
      const track = this.#secrets.get(path);
      if (track === undefined || !path.startsWith(prefix)) return undefined;
      sum = (sum + track.digest) % MODULUS;
    }
    return this.#statesOf(prefix).get(sum);
  }

  /** All paths of that prefix that ever were. */
  tracksOf(prefix: string): readonly SecretTrack[] {
    const found: SecretTrack[] = [];
    for (let index = this.#begin(prefix); index < this.#sorted.length; index += 1) {
      const path = this.#sorted[index] ?? "";
      if (!path.startsWith(prefix)) break;
      const track = this.#secrets.get(path);
      if (track !== undefined) found.push(track);
    }
    return found;
  }

  #begin(prefix: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") >= prefix) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #statesOf(prefix: string): ReadonlyMap<number, Intervals> {
    const known = this.#byPrefix.get(prefix);
    if (known !== undefined) return known;
    const states = statesOf(this.tracksOf(prefix));
    this.#byPrefix.set(prefix, states);
    return states;
  }
}

/** Positions by the sum of the digests of the paths that exist there. */
function statesOf(tracks: readonly SecretTrack[]): ReadonlyMap<number, Intervals> {
  const changes = tracks
    .flatMap(({ exists, digest }) =>
      exists
        .filter((bound) => bound < Infinity)
        .map((revision, index) => ({ revision, digest: index % 2 === 0 ? digest : MODULUS - digest })),
    )
    .sort((one, other) => one.revision - other.revision);
  let sum = 0;
  let state: Intervals = [0, Infinity];
  const states = new Map<number, Intervals>([[sum, state]]);
  for (const { revision, digest } of changes) {
    close(state, revision);
    sum = (sum + digest) % MODULUS;
    state = states.get(sum) ?? [];
    states.set(sum, state);
    open(state, revision);
  }
  return states;
}
