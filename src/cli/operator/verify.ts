import type { Connection } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";
import { describeProblem, nextSteps, type StoredProblem, verifyParts } from "./stored-problems.ts";

/** `spike operator verify`: verifies the audit and all rows, prints every problem and what to do about it. */
export async function verify(io: CliIo, connection: Connection): Promise<void> {
  const problems: StoredProblem[] = [];
  let entries = 0;
  let rows = 0;
  let end = { revision: 0, newest: "" };
  for await (const part of verifyParts(io, connection, { auditOnly: false })) {
    for (const problem of part.problems) io.print(describeProblem(problem));
    for (const problem of part.acknowledged) io.print(`${describeProblem(problem)} (acknowledged)`);
    problems.push(...part.problems);
    entries += part.entries;
    rows += part.rows;
    if (part.newest !== undefined) end = { revision: part.revision ?? 0, newest: part.newest };
  }
  io.log(`Verified ${entries} audit entries and ${rows} rows.`);
  if (end.newest !== "")
    io.log(`Revision ${end.revision}, newest entry ${end.newest}. Record both outside the database.`);
  for (const step of nextSteps(problems)) io.log(step);
  if (problems.length > 0) throw new CliError(`Found ${problems.length} problems.`);
}
