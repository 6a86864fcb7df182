import type { ClockChange } from "../history/history.ts";
import type { Random } from "../random.ts";
import { writeIdIn } from "./pipeline-text.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;
/** Few, because each of them makes another SQL text, and the database keeps a limited number of compiled texts. */
const DAYS: readonly number[] = [1, 30, 100];
const CLOCK = "unixepoch('subsec')";

export type Direction = "ahead" | "behind";

/**
 * The database's clock, as all workers see it. The proxies change the SQL text of the clock in each database request, so that the
 * database of a run needs no clock that can be set.
 */
export class DatabaseClock {
  readonly #now: () => number;
  readonly #offsetByWrite = new Map<string, number>();
  readonly #changes: ClockChange[] = [];
  #offsetMs = 0;

  /** @param now milliseconds by the run's clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Sets how far the clock is ahead, for all requests that have no offset of their own. */
  set(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.#changes.push({ at: this.#now(), offsetMs });
  }

  /** Sets the clock for all loads and commits of one write. */
  setFor(writeId: string, offsetMs: number): void {
    this.#offsetByWrite.set(writeId, offsetMs);
  }

  /** The database request, with the clock that it sees. */
  rewrite(body: string): string {
    const offsetMs = this.#offsetFor(body);
    if (offsetMs === 0) return body;
    return body.replaceAll(CLOCK, () => `(${CLOCK} + ${offsetMs / 1000}.0)`);
  }

  /** The changes for all requests. */
  changes(): readonly ClockChange[] {
    return this.#changes;
  }

  #offsetFor(body: string): number {
    if (this.#offsetByWrite.size === 0) return this.#offsetMs;
    return this.#offsetByWrite.get(writeIdIn(body) ?? "") ?? this.#offsetMs;
  }
}

export function randomOffsetMs(direction: Direction, random: Random): number {
  return random.pick(DAYS) * DAY_MS * (direction === "ahead" ? 1 : -1);
}
