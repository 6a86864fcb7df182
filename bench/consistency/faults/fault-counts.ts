/** The faults that `--faults` accepts, and the counters of each. Every counter of a chosen fault has to be positive. */
export const FAULT_COUNTERS = {
  "worker-killed": [
    "worker killed before the commit",
    "worker killed during the commit",
    "worker killed after the commit",
  ],
  "database-killed": ["database killed during a batch"],
  "connection-reset": ["request to the database lost", "request to the worker lost"],
  "response-lost": ["response to a commit lost", "response of a worker lost"],
  duplicate: ["request to the database executed twice", "request to the worker executed twice"],
  delay: ["request delayed up to 50 ms", "request delayed up to 5 s"],
  hang: [
    "load never answered",
    "commit not applied and never answered",
    "commit applied and never answered",
    "no request of a worker answered for 300 ms",
  ],
  "late-commit": ["commit applied after its 502", "commit passed on after its deadline"],
  "stale-load": ["load after an unanswered commit answered with an older state"],
  "bad-response": [
    "response of the database truncated",
    "request to the database rejected with 429",
    "request to the database rejected with 502",
    "response to a commit replaced by 429",
    "response to a commit replaced by 502",
    "response of the database replaced by a malformed one",
  ],
  busy: ["SQLITE_BUSY"],
  disconnect: ["client disconnected during a request"],
  "clock-skew": ["worker started with its clock 10 minutes ahead", "worker started with its clock 10 minutes behind"],
  "database-clock": [
    "clock of the database days ahead for one write",
    "clock of the database days behind for one write",
    "clock of the database days ahead for a while",
    "clock of the database days behind for a while",
  ],
  "key-ring": ["key ring changed"],
  "replica-lag": ["replica lagging for longer than the bound"],
  "replica-paused": ["replica paused for longer than the bound"],
  "replica-cut-off": ["replica cut off for less than the bound", "replica cut off for longer than the bound"],
  "replica-set-back": ["replica set back", "replica set back after its primary was killed"],
  "replica-killed": ["replica killed and replaced by a new copy"],
  "withheld-commit": [
    "withheld policy applied two epochs later",
    "withheld policy applied with its authority trie",
    "withheld policy applied over a newer one",
    "deleted policy put back with its audit entry",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FaultName = keyof typeof FAULT_COUNTERS;
export type FaultCounter = (typeof FAULT_COUNTERS)[FaultName][number];

// Object.keys returns strings.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const FAULT_NAMES = Object.keys(FAULT_COUNTERS) as readonly FaultName[];

/** Faults that kill or lock the process of the database. The others only need the proxies and the workers. */
export const NEED_DATABASE_PROCESS: ReadonlySet<FaultName> = new Set(["database-killed", "busy", "stale-load"]);

/** Faults that control the processes of the replicas. */
export const NEED_REPLICA_PROCESS: ReadonlySet<FaultName> = new Set([
  "replica-lag",
  "replica-paused",
  "replica-cut-off",
  "replica-set-back",
  "replica-killed",
]);

/** These come after the load, because they leave a database that the service refuses to use. */
const AFTER_LOAD: readonly FaultCounter[] = FAULT_COUNTERS["withheld-commit"];

/** Counters that another fault must be chosen for as well. */
const ALSO_NEEDED: Readonly<Partial<Record<FaultCounter, FaultName>>> = {
  "replica set back after its primary was killed": "database-killed",
};

/** Counts how often each fault of the chosen kinds took effect. */
export class FaultCounts {
  readonly chosen: ReadonlySet<FaultName>;
  private readonly counts = new Map<FaultCounter, number>();

  constructor(chosen: ReadonlySet<FaultName>) {
    this.chosen = chosen;
    for (const name of chosen) {
      for (const counter of FAULT_COUNTERS[name]) {
        if (chosen.has(ALSO_NEEDED[counter] ?? name)) this.counts.set(counter, 0);
      }
    }
  }

  increment(counter: FaultCounter): void {
    this.counts.set(counter, (this.counts.get(counter) ?? 0) + 1);
  }

  /** Includes counters that are zero. */
  all(): readonly (readonly [FaultCounter, number])[] {
    return [...this.counts];
  }

  /** The counters that are still zero and can rise during the load. */
  missingUnderLoad(): readonly FaultCounter[] {
    return this.missing().filter((counter) => !AFTER_LOAD.includes(counter));
  }

  /** The counters that are still zero. */
  missing(): readonly FaultCounter[] {
    return [...this.counts].flatMap(([counter, count]) => (count === 0 ? [counter] : []));
  }
}
