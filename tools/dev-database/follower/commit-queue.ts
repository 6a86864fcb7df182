import type { Commit, PageChange } from "../commit-log/page-change.ts";
import type { ReplicaFile } from "./replica-file.ts";

interface Waiting {
  readonly commit: Commit;
  /** Set for an undone commit, in milliseconds since 1970. */
  readonly notBefore?: number;
}

interface Applied {
  readonly commit: Commit;
  readonly undo: PageChange;
}

const MAX_UNDONE = 100;

/** Applies commits to a file in their order, each after a delay. */
export class CommitQueue {
  readonly #file: ReplicaFile;
  readonly #waiting: Waiting[] = [];
  /** The latest ones, which can be undone. */
  readonly #applied: Applied[] = [];
  #delayMs: number;
  #isPaused = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: ReplicaFile, delayMs: number) {
    this.#file = file;
    this.#delayMs = delayMs;
  }

  add(commit: Commit): void {
    this.#waiting.push({ commit });
    this.#applyDue();
  }

  setDelay(delayMs: number): void {
    this.#delayMs = delayMs;
    this.#applyDue();
  }

  pause(): void {
    this.#isPaused = true;
    this.#applyDue();
  }

  resume(): void {
    this.#isPaused = false;
    this.#applyDue();
  }

  /** Undoes the last commits, at most the last 100. Later ones wait behind them. @returns their number */
  setBack(commits: number, durationMs: number): number {
    const notBefore = Date.now() + durationMs;
    const undone = this.#applied.splice(-commits, commits);
    for (const { commit, undo } of undone.toReversed()) {
      this.#file.apply(undo);
      this.#waiting.unshift({ commit, notBefore });
    }
    this.#applyDue();
    return undone.length;
  }

  close(): void {
    this.#isPaused = true;
    clearTimeout(this.#timer);
  }

  #applyDue(): void {
    clearTimeout(this.#timer);
    while (!this.#isPaused) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const waitMs = Math.max(first.commit.at + this.#delayMs, first.notBefore ?? 0) - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#applyDue(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#applied.push({ commit: first.commit, undo: this.#file.apply(first.commit.change) });
      if (this.#applied.length > MAX_UNDONE) this.#applied.shift();
    }
  }
}
