import type { Operation } from "../history/history.ts";
import type { Anomaly, AnomalyKind, Report } from "./anomaly.ts";
import { CASE_KINDS, type CaseKind } from "./cases.ts";
import { partitionPoint } from "./partition-point.ts";

/** Limit for details: a faulty store may cause an anomaly per operation. */
const MAX_KEPT = 1000;
/** Findings of each kind that are kept even beyond the limit. */
const MIN_KEPT_PER_KIND = 20;

export type Finding = Omit<Anomaly, "after">;

/** Counts all anomalies and all cases that were checked. Keeps the details of some anomalies. */
export class Findings {
  readonly #counts = new Map<AnomalyKind, number>();
  readonly #kept: Finding[] = [];
  readonly #cases = new Map<CaseKind, number>(CASE_KINDS.map((kind) => [kind, 0]));

  add(finding: Finding): void {
    const count = (this.#counts.get(finding.kind) ?? 0) + 1;
    this.#counts.set(finding.kind, count);
    if (this.#kept.length < MAX_KEPT || count <= MIN_KEPT_PER_KIND) this.#kept.push(finding);
  }

  /** Counts a case, whatever the result of its check. */
  checked(kind: CaseKind): void {
    this.#cases.set(kind, (this.#cases.get(kind) ?? 0) + 1);
  }

  report(operations: readonly Operation[]): Report {
    const times = this.#kept.length > 0 ? Float64Array.from(operations, completionTime) : new Float64Array();
    const sorted = times.toSorted();
    const after = ({ operations: involved }: Finding): number => {
      const visibleAt = involved.length === 0 ? Infinity : Math.max(...involved.map((id) => times[id] ?? Infinity));
      return partitionPoint(sorted.length, (index) => (sorted[index] ?? Infinity) > visibleAt);
    };
    const anomalies = this.#kept
      .map((finding) => ({ ...finding, after: after(finding) }))
      .sort((one, other) => one.after - other.after);
    const cases = Object.fromEntries(CASE_KINDS.map((kind) => [kind, this.#cases.get(kind) ?? 0]));
    // Object.fromEntries returns strings as keys.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { anomalies, counts: Object.fromEntries(this.#counts), cases: cases as Report["cases"] };
  }
}

function completionTime({ exchanges }: Operation): number {
  return exchanges.reduce((latest, { completedAt }) => Math.max(latest, completedAt), -Infinity);
}
