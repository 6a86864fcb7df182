import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode } from "./execute.ts";
import { isPassing, safeCode } from "./to-unavailable.ts";

/**
 * Checks what the driver does not check in an answer (Hrana 2 in JSON, libsql's docs/HRANA_2_SPEC.md).
 *
 * - The driver takes a COMMIT that was skipped without an error for a success.
 * - It reports the first of several failed steps. The others would end a Node process as unhandled rejections.
 * - It repairs malformed base64 silently, so damaged bytes would look like a forged record.
 *
 * @param batch `count`: statements of the batch. The driver puts BEGIN before them, COMMIT and a conditional ROLLBACK behind them.
 * @throws StoreUnavailable
 */
export function checkAnswer(answer: unknown, batch: { readonly count: number; readonly mode: Mode }): void {
  const results = listIn(answer, "results") ?? [];
  if (batch.mode === "write") {
    for (const result of checkSteps(results, batch.count)) checkCells(result, "unknown");
  } else {
    for (const result of results) checkCells(memberOf(memberOf(result, "response"), "result"), "none");
  }
}

/**
 * Every step from BEGIN to COMMIT must have been run.
 *
 * @returns their results
 */
function checkSteps(results: readonly unknown[], count: number): readonly unknown[] {
  const commit = count + 1;
  const steps = stepsOf(results);
  if (steps === undefined || steps.results.length <= commit || steps.errors.length <= commit) {
    throw new StoreUnavailable("malformed", "unknown", "no result of a batch");
  }
  const failed = steps.errors.findIndex((error, index) => error !== null && index <= commit);
  if (failed >= 0) {
    const code = memberOf(steps.errors[failed], "code");
    // A failed statement was rolled back with all others. A failed COMMIT may have been applied.
    const outcome = failed === commit ? "unknown" : "none";
    const text = typeof code === "string" ? code : "";
    throw new StoreUnavailable(isPassing(text) ? "busy" : "rejected", outcome, safeCode(text));
  }
  const done = steps.results.slice(0, commit + 1);
  if (done.includes(null)) throw new StoreUnavailable("malformed", "unknown", "a step of a batch was skipped");
  return done;
}

interface Steps {
  readonly results: readonly unknown[];
  readonly errors: readonly unknown[];
}

/** The driver sends its batch between requests that store SQL texts and one that closes the stream. */
function stepsOf(answers: readonly unknown[]): Steps | undefined {
  for (const answer of answers) {
    const response = memberOf(answer, "response");
    if (memberOf(response, "type") !== "batch") continue;
    const batch = memberOf(response, "result");
    const results = listIn(batch, "step_results");
    const errors = listIn(batch, "step_errors");
    return results && errors && { results, errors };
  }
  return undefined;
}

function checkCells(result: unknown, outcome: "none" | "unknown"): void {
  for (const row of listIn(result, "rows") ?? []) {
    const intact = !Array.isArray(row) || row.every(isIntact);
    if (!intact) throw new StoreUnavailable("malformed", outcome, "a cell is unreadable");
  }
}

/** Floats are neither stored nor selected. The driver checks the other kinds. */
function isIntact(cell: unknown): boolean {
  const type = memberOf(cell, "type");
  return type === "blob" ? isBase64(memberOf(cell, "base64")) : type !== "float";
}

/** Padded or not: servers differ. */
function isBase64(text: unknown): boolean {
  if (typeof text !== "string") return false;
  const digits = text.length % 4 === 0 ? text.replace(/={1,2}$/, "") : text;
  return digits.length % 4 !== 1 && !/[^A-Za-z0-9+/]/.test(digits);
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
