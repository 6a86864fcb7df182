import { type Choice, type Fault, isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import type { LateCommit } from "../history/history.ts";
import { traceIn, writeIdIn } from "./pipeline-text.ts";

/** Without the pause, the request would send as many database requests as it may before its deadline. */
const UNAVAILABLE: Fault = { status: 503, headers: { "retry-after": "1" } };

/** Stands for a database behind a proxy that gives up, and passes the commit on much later. */
export class LateCommits {
  readonly #now: () => number;
  readonly #held = new Set<string>();
  readonly #passedOn: LateCommit[] = [];

  /** @param now milliseconds by the run's clock */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers a commit with 502 at once, and passes it on after this time. Until then, all commits of that write get 503. */
  hold(body: string, passedOnAfterMs: number): Choice {
    const writeId = writeIdIn(body) ?? "";
    const receivedAt = this.#now();
    const at = receivedAt + passedOnAfterMs;
    this.#held.add(writeId);
    return {
      fault: { status: 502, passedOnAfterMs },
      happened: (response) => {
        this.#held.delete(writeId);
        this.#passedOn.push({ trace: traceIn(body) ?? "", receivedAt, at, isWon: isWon(response ?? "") });
      },
    };
  }

  /** The fault of another commit of a write that is held. */
  faultOf(body: string): Fault | undefined {
    return this.#held.size > 0 && this.#held.has(writeIdIn(body) ?? "") ? UNAVAILABLE : undefined;
  }

  /** The commits that were passed on so far. */
  all(): readonly LateCommit[] {
    return this.#passedOn;
  }
}
