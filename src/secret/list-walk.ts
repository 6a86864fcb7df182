import type { VisiblePaths } from "../store/access.ts";
import type { Attempts } from "../store/attempts.ts";

/** The maximum number of names in one response. */
export const MAX_NAMES = 10_000;

/** Limits of the work for one response: paths that are read, and units of matching (see {@link VisiblePaths}). */
const LIMITS = {
  /** The caller can go on, so the limits only have to allow a full page. */
  page: { paths: MAX_NAMES, work: 4_000_000 },
  /** The list is refused beyond these. 20 000 000 units take at most two seconds. */
  whole: { paths: 50_000, work: 20_000_000 },
} as const;

/** Paths to read first if a pattern may reject some. Ten times as many each time, so that few round trips are needed. */
const FIRST_ROWS = 100;

/** Paths and work between two turns of the event loop, so that slow patterns cannot outrun the deadline or stop other requests. */
const TURN = { paths: 1000, work: 100_000 } as const;

/**
 * - `unfinished`: another load is needed.
 * - `done`: the page is full, or the list ends.
 * - `cut`: the work for one page is used up. The list goes on after `last`.
 * - `too_many`: a list without `limit` has too many names, or takes too much work.
 */
type WalkState = "unfinished" | "done" | "cut" | "too_many";

/** Collects the names of one response from one or more loads. */
export class ListWalk {
  readonly keys: string[] = [];
  /** The last path that was examined. */
  last: string;
  readonly #limit: number | undefined;
  readonly #visible: VisiblePaths | undefined;
  readonly #limits: { readonly paths: number; readonly work: number };
  #paths = 0;
  #work = 0;
  #filteredRows = FIRST_ROWS;

  /** @param visible undefined if every path is visible */
  constructor(
    { after, limit }: { readonly after: string; readonly limit: number | undefined },
    visible: VisiblePaths | undefined,
  ) {
    this.last = after;
    this.#limit = limit;
    this.#visible = visible;
    this.#limits = limit === undefined ? LIMITS.whole : LIMITS.page;
  }

  /** Number of paths to read next: as many as are missing, or more if patterns may reject some. */
  get rows(): number {
    // A list without a limit needs one name more to notice that there are too many.
    const missing = (this.#limit ?? MAX_NAMES + 1) - this.keys.length;
    if (this.#visible?.isWhole !== false) return missing;
    return Math.min(Math.max(missing, this.#filteredRows), MAX_NAMES);
  }

  /** Adds the visible paths of the next load. Its paths must be in order and come after `last`. */
  async add(
    { rows, more }: { readonly rows: readonly string[]; readonly more: boolean },
    attempts: Attempts,
  ): Promise<WalkState> {
    const turn = { paths: 0, work: 0 };
    for (const path of rows) {
      const before = this.#work;
      const state = this.#examine(path);
      if (state !== "unfinished") return state;
      turn.paths += 1;
      turn.work += this.#work - before;
      if (turn.paths < TURN.paths && turn.work < TURN.work) continue;
      Object.assign(turn, { paths: 0, work: 0 });
      await attempts.sleep(0, attempts.deadline);
    }
    this.#filteredRows *= 10;
    return more ? "unfinished" : "done";
  }

  #examine(path: string): WalkState {
    const exhausted = this.#limit === undefined ? "too_many" : "cut";
    if (this.#paths >= this.#limits.paths) return exhausted;
    // The first path may take any work, so that every page makes progress.
    const maxWork = this.#paths === 0 ? Infinity : this.#limits.work - this.#work;
    const decision = this.#visible?.decide(path, maxWork) ?? (this.#visible ? undefined : VISIBLE);
    if (decision === undefined) return exhausted;
    this.last = path;
    this.#paths += 1;
    this.#work += decision.work;
    if (!decision.isVisible) return "unfinished";
    this.keys.push(path);
    if (this.keys.length === this.#limit) return "done";
    return this.#limit === undefined && this.keys.length > MAX_NAMES ? "too_many" : "unfinished";
  }
}

const VISIBLE = { isVisible: true, work: 0 } as const;
