import type { RunOptions } from "../options.ts";
import { DatabaseClock } from "./database-clock.ts";
import { FaultCounts } from "./fault-counts.ts";
import { LateCommits } from "./late-commits.ts";
import { StaleLoads } from "./stale-loads.ts";

/** What the faults of a run share: one object for all workers, because a write may be repeated through another worker. */
export class FaultState {
  readonly counts: FaultCounts;
  readonly lateCommits: LateCommits;
  readonly clock: DatabaseClock;
  readonly staleLoads = new StaleLoads();
  /** Proxies whose worker gets no response from the database, by index. */
  readonly hanging = new Set<number>();

  /** @param now milliseconds by the run's clock */
  constructor({ faults }: Pick<RunOptions, "faults">, now: () => number) {
    this.counts = new FaultCounts(faults);
    this.lateCommits = new LateCommits(now);
    this.clock = new DatabaseClock(now);
  }
}
