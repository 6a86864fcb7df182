import { holds, type StepState } from "./condition.ts";
import type { StatementResult } from "./execute.ts";
import type { HranaError, Outcome } from "./outcome.ts";
import type { BatchStep, Statement } from "./request.ts";

export interface BatchResult {
  readonly step_results: readonly (StatementResult | null)[];
  readonly step_errors: readonly (HranaError | null)[];
}

export interface BatchRunner {
  readonly run: (statement: Statement) => Promise<Outcome<StatementResult>>;
  readonly isAutocommit: () => boolean;
}

/** Runs the steps whose conditions hold, in order. An error ends nothing by itself: that is what conditions are for. */
export async function runBatch(steps: readonly BatchStep[], runner: BatchRunner): Promise<BatchResult> {
  const states: StepState[] = [];
  const results: (StatementResult | null)[] = [];
  const errors: (HranaError | null)[] = [];
  for (const { condition, statement } of steps) {
    const isDue = condition === undefined || holds(condition, states, runner.isAutocommit);
    const outcome = isDue ? await runner.run(statement) : undefined;
    states.push(outcome === undefined ? "skipped" : outcome.ok ? "ok" : "error");
    results.push(outcome?.ok === true ? outcome.value : null);
    errors.push(outcome?.ok === false ? outcome.error : null);
  }
  return { step_results: results, step_errors: errors };
}
