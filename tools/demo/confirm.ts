import { isDeepStrictEqual } from "node:util";
import { CommandError } from "../command/command-error.ts";
import type { WriteAnswer } from "./answer.ts";

/** Compares what the service did with what it promises. @throws CommandError that tells both */
export function confirm(
  claim: string,
  { expected, seen }: { readonly expected: unknown; readonly seen: unknown },
): void {
  if (!isDeepStrictEqual(seen, expected)) throw refuted(claim, JSON.stringify(expected), JSON.stringify(seen));
}

/** @throws CommandError with the first of the problems */
export function confirmNone(claim: string, problems: readonly string[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  throw refuted(claim, "no problem", `${first}${more}`);
}

/** What an acknowledged write was answered with. @throws CommandError if it was refused */
export function acknowledged(
  claim: string,
  answer: WriteAnswer,
): { readonly version: number; readonly revision: number } {
  if (!answer.ok) throw refuted(claim, "200", `${answer.status} ${answer.err}`);
  return { version: answer.version, revision: answer.revision };
}

function refuted(claim: string, expected: string, seen: string): CommandError {
  return new CommandError(`Cannot confirm that ${claim}: expected ${expected}, saw ${seen}`, { exitCode: 1 });
}
