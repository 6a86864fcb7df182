import { isDeepStrictEqual } from "node:util";
import { CommandError } from "../command/command-error.ts";
import type { WriteResult } from "./response.ts";

/** Checks a statement about the service. @throws CommandError with the expected and the actual value */
export function confirm(
  statement: string,
  { expected, actual }: { readonly expected: unknown; readonly actual: unknown },
): void {
  if (!isDeepStrictEqual(actual, expected)) throw failure(statement, JSON.stringify(expected), JSON.stringify(actual));
}

/** Checks that a list of problems is empty. @throws CommandError with the first problem */
export function confirmNoProblems(statement: string, problems: readonly string[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  throw failure(statement, "no problem", `${first}${more}`);
}

/** Checks that a write was acknowledged. @throws CommandError if it was rejected */
export function confirmAcknowledged(
  statement: string,
  result: WriteResult,
): Extract<WriteResult, { readonly ok: true }> {
  if (!result.ok) throw failure(statement, "200", `${result.status} ${result.err}`);
  return result;
}

function failure(statement: string, expected: string, actual: string): CommandError {
  return new CommandError(`Cannot confirm that ${statement}: expected ${expected}, got ${actual}`, { exitCode: 1 });
}
