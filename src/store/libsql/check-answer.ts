import { StoreUnavailable } from "../store-unavailable.ts";
import { meaningOfCode } from "./error-meaning.ts";
import type { Mode } from "./execute.ts";
import { safeCode, toDetail } from "./to-unavailable.ts";

/**
 * Checks what the driver does not check in an answer (Hrana 2 in JSON, libsql's docs/HRANA_2_SPEC.md).
 *
 * - The driver takes a COMMIT that was skipped without an error for a success.
 * - It reports the first of several failed steps. The others would end a Node process as unhandled rejections.
 * - It does not say whether an error belongs to a statement or to COMMIT, so an error leaves the outcome of a commit open.
 * - It repairs malformed base64 silently, so damaged bytes would look like a forged record.
 *
 * @param batch `count`: its statements, the last of which is a load. The driver puts BEGIN before them, COMMIT and a
 *   conditional ROLLBACK behind them.
 * @throws StoreUnavailable
 */
export function checkAnswer(answer: unknown, batch: { readonly count: number; readonly mode: Mode }): void {
  const results = listIn(answer, "results") ?? [];
  if (batch.mode !== "read") {
    const outcome = batch.mode === "write" ? "unknown" : "none";
    for (const result of checkSteps(results, batch.count)) checkCells(result, outcome);
    return;
  }
  const error = errorOf(results);
  if (error !== undefined) throw failureOf(error, "read");
  for (const result of results) checkCells(memberOf(memberOf(result, "response"), "result"), "none");
}

/**
 * Every step from BEGIN to COMMIT must have been run.
 *
 * @returns their results
 */
function checkSteps(results: readonly unknown[], count: number): readonly unknown[] {
  const commit = count + 1;
  const steps = stepsOf(results);
  const error = steps === undefined ? errorOf(results) : undefined;
  if (error !== undefined) throw failureOf(error, "batch");
  if (steps === undefined || steps.results.length <= commit || steps.errors.length <= commit) {
    throw new StoreUnavailable("malformed", "unknown", "no result of a batch");
  }
  const failed = steps.errors.findIndex((each, index) => each !== null && index <= commit);
  if (failed >= 0) {
    throw failureOf(steps.errors[failed], failed === commit ? "commit" : failed === count ? "load" : "statement");
  }
  const done = steps.results.slice(0, commit + 1);
  if (done.includes(null)) throw new StoreUnavailable("malformed", "unknown", "a step of a batch was skipped");
  return done;
}

/** The first error of a request of the pipeline. The server reports an error of a batch as a whole this way. */
function errorOf(results: readonly unknown[]): unknown {
  const failed = results.find((result) => memberOf(result, "type") === "error");
  return failed === undefined ? undefined : (memberOf(failed, "error") ?? {});
}

/** @param place what failed: the one statement of a read, a batch as a whole, or a step of a batch */
function failureOf(error: unknown, place: "read" | "batch" | "statement" | "load" | "commit"): StoreUnavailable {
  const [code, message] = ["code", "message"].map((name) => memberOf(error, name));
  const name = typeof code === "string" ? code : "";
  const meaning = meaningOfCode(name, typeof message === "string" ? message : "", {
    isLoad: place === "read" || place === "load",
  });
  // A failed statement was rolled back with all others. A failed COMMIT may have been applied.
  const isOpen = meaning.kind === "unknown" || (place === "commit" && meaning.isRolledBack !== true);
  const outcome = isOpen && place !== "read" ? "unknown" : "none";
  return new StoreUnavailable(meaning.reason, outcome, toDetail(safeCode(name), meaning));
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
