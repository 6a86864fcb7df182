import { callNexus, type Connection } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";
import { describeProblem, type VerifiedPart, verifyParts } from "./stored-problems.ts";

const ACTION = "acknowledge the problems of the audit";

/**
 * `spike operator acknowledge`: prints the problems of the audit, and records that the operator knows about those that are
 * losses. Nothing else changes.
 */
export async function acknowledge(io: CliIo, options: Connection & { readonly yes?: boolean }): Promise<void> {
  const parts: VerifiedPart[] = [];
  for await (const part of verifyParts(io, options, { auditOnly: true })) if (part.list !== undefined) parts.push(part);
  const problems = parts.flatMap((part) => part.problems).filter(({ resource }) => resource === undefined);
  const losses = problems.filter(({ acknowledgeable }) => acknowledgeable);
  for (const problem of problems) {
    const note = problem.acknowledgeable ? "" : " (a contradiction, which cannot be acknowledged)";
    io.print(`${describeProblem(problem)}${note}`);
  }
  if (losses.length === 0) {
    io.log("Nothing to acknowledge.");
    return;
  }
  const question = `Acknowledge ${losses.length} problems? This is recorded in the audit forever. Changes that are missing here may have been undone`;
  const confirmed = options.yes === true || (await io.terminal?.confirm(question)) === true;
  if (!confirmed) throw new CliError(`Cannot ${ACTION}: not confirmed. Nothing was changed; --yes skips the question.`);
  for (const { list } of parts) {
    if (list === undefined) continue;
    const request = { action: ACTION, target: "audit?action=acknowledge", body: list };
    const { acknowledged, revision } = await callNexus(io, options, request);
    io.log(`Acknowledged ${String(acknowledged)} problems at revision ${String(revision)}.`);
  }
}
