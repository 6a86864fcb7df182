import type { Operation } from "../history/history.ts";
import type { Anomaly, AnomalyKind, Report } from "./anomaly.ts";

const MOST_KEPT = 1000;

/** An anomaly as it is found. */
export type Finding = Omit<Anomaly, "after">;

/** Collects anomalies: counts all of them and keeps a part. */
export class Findings {
  readonly #counts = new Map<AnomalyKind, number>();
  readonly #kept: Finding[] = [];
  /** Findings of each kind that are kept, whatever else there is. */
  readonly #perKind: number;

  constructor(perKind = 20) {
    this.#perKind = perKind;
  }

  add(finding: Finding): void {
    const count = (this.#counts.get(finding.kind) ?? 0) + 1;
    this.#counts.set(finding.kind, count);
    if (this.#kept.length < MOST_KEPT || count <= this.#perKind) this.#kept.push(finding);
  }

  /** All that was found, ranked by the ends of the operations. */
  report(operations: readonly Operation[]): Report {
    const ends = operations.length > 0 && this.#kept.length > 0 ? new Float64Array(operations.map(endOf)) : undefined;
    const sorted = ends?.toSorted() ?? new Float64Array();
    const rank = ({ operations: involved }: Finding): number =>
      involved.length === 0
        ? operations.length
        : countUpTo(sorted, Math.max(...involved.map((id) => ends?.[id] ?? Infinity)));
    const anomalies = this.#kept
      .map((finding) => ({ ...finding, after: rank(finding) }))
      .sort((one, other) => one.after - other.after);
    return { anomalies, counts: Object.fromEntries(this.#counts) };
  }
}

function endOf({ attempts }: Operation): number {
  return attempts.reduce((end, attempt) => Math.max(end, attempt.end), -Infinity);
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(numbers: Float64Array, limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
