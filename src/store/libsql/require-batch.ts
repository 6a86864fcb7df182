import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode } from "./execute.ts";
import { isPassing, safeCode } from "./to-unavailable.ts";

/**
 * Whether an answer to a pipeline says that its batch was carried out, from BEGIN to COMMIT.
 *
 * The driver takes a COMMIT that was skipped without an error for done, and reports only the first of several failed
 * steps: the others would end a Node process as unhandled rejections. Here every step is looked at.
 *
 * @param count statements in the batch; the driver adds BEGIN before, COMMIT and a conditional ROLLBACK after them
 * @throws StoreUnavailable
 */
export function requireBatch(answer: unknown, count: number, mode: Mode): void {
  const open = mode === "write" ? "unknown" : "none";
  const steps = stepsOf(answer);
  const commit = count + 1;
  if (steps === undefined || steps.results.length < commit + 1 || steps.errors.length < commit + 1) {
    throw new StoreUnavailable("rubbish", open, "no result of a batch");
  }
  const failed = steps.errors.findIndex((error, index) => error !== null && index <= commit);
  if (failed >= 0) {
    const code = codeOf(steps.errors[failed]);
    // A statement that failed was rolled back with all others; a failing COMMIT says nothing for certain.
    const outcome = failed === commit ? open : "none";
    throw new StoreUnavailable(isPassing(code) ? "busy" : "rejected", outcome, safeCode(code));
  }
  if (steps.results.some((result, index) => result === null && index <= commit)) {
    throw new StoreUnavailable("rubbish", open, "a step of a batch was skipped");
  }
}

interface Steps {
  readonly results: readonly unknown[];
  readonly errors: readonly unknown[];
}

/** Of the requests in a pipeline one is the batch. */
function stepsOf(answer: unknown): Steps | undefined {
  for (const result of listIn(answer, "results") ?? []) {
    const response = memberOf(result, "response");
    if (memberOf(response, "type") !== "batch") continue;
    const batch = memberOf(response, "result");
    const results = listIn(batch, "step_results");
    const errors = listIn(batch, "step_errors");
    return results && errors && { results, errors };
  }
  return undefined;
}

function codeOf(error: unknown): string {
  const code = memberOf(error, "code");
  return typeof code === "string" ? code : "";
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
