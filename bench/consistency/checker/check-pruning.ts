import type { History } from "../history/history.ts";
import type { Findings } from "./findings.ts";

/** Checks that no prune deleted an entry that was younger than the limit by the clock of the database or the worker. */
export function checkPruning({ operations, prunableUntil = 0 }: History, findings: Findings): void {
  for (const { id, exchanges } of operations) {
    for (const { result } of exchanges) {
      if (result?.kind !== "pruned" || result.floor <= prunableUntil) continue;
      const { floor, revision } = result;
      const detail = `Operation ${id} pruned entries up to revision ${floor}, but those above ${prunableUntil} are young.`;
      findings.add({ kind: "pruned_early", operations: [id], revision, detail });
    }
  }
}
