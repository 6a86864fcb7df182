/** What a run can be disturbed by, as its command line names it, and all that is counted of it. */
export const FAULT_COUNTERS = {
  "worker-killed": [
    "worker killed before the commit",
    "worker killed during the commit",
    "worker killed after the commit",
  ],
  "database-killed": ["database killed in mid-batch"],
  "connection-cut": ["request cut on its way to the database", "request cut on its way to the worker"],
  "answer-lost": ["answer of a commit lost", "answer of a worker lost"],
  duplicate: ["request to the database carried out twice", "request to the worker carried out twice"],
  delay: ["delayed up to 50 ms", "delayed up to 5 s", "never answered by the database"],
  "bad-answer": [
    "answer of the database truncated",
    "request to the database answered 429",
    "request to the database answered 502",
    "answer to a commit replaced by 429",
    "answer to a commit replaced by 502",
    "answer of the database replaced by rubbish",
  ],
  busy: ["SQLITE_BUSY"],
  "client-gone": ["client gone in mid-request"],
  clock: ["worker started 10 minutes ahead", "worker started 10 minutes behind"],
  "key-ring": ["key ring changed"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type FaultName = keyof typeof FAULT_COUNTERS;
export type FaultCounter = (typeof FAULT_COUNTERS)[FaultName][number];

// Object.keys knows only text.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const FAULT_NAMES = Object.keys(FAULT_COUNTERS) as readonly FaultName[];

/** How often each fault happened. */
export class FaultCounts {
  readonly chosen: ReadonlySet<FaultName>;
  private readonly counts = new Map<FaultCounter, number>();

  constructor(chosen: ReadonlySet<FaultName>) {
    this.chosen = chosen;
    for (const name of chosen) for (const counter of FAULT_COUNTERS[name]) this.counts.set(counter, 0);
  }

  count(counter: FaultCounter): void {
    this.counts.set(counter, (this.counts.get(counter) ?? 0) + 1);
  }

  /** By counter, those that never happened included. */
  all(): readonly (readonly [FaultCounter, number])[] {
    return [...this.counts];
  }

  /** What was asked for and never happened. */
  missing(): readonly FaultCounter[] {
    return [...this.counts].flatMap(([counter, count]) => (count === 0 ? [counter] : []));
  }
}
