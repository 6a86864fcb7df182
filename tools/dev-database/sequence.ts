import type { Connection } from "./connection.ts";
import { execute } from "./execute.ts";
import { success, type Outcome } from "./outcome.ts";
import type { Patience } from "./patience.ts";
import { splitStatements } from "./sql/split.ts";

/** Runs the statements of a text one after another and stops at the first that fails. */
export async function runSequence(
  connection: Connection,
  sql: string,
  patience: Patience,
): Promise<Outcome<undefined>> {
  for (const statement of splitStatements(sql)) {
    const outcome = await execute(connection, statement, { args: [], namedArgs: [], wantRows: false }, patience);
    if (!outcome.ok) {
      return outcome;
    }
  }
  return success(undefined);
}
