import { bindArguments } from "./bind.ts";
import type { Column, Connection } from "./connection.ts";
import { success, type Outcome } from "./outcome.ts";
import { attempt, type Patience } from "./patience.ts";
import type { Statement } from "./request.ts";
import { encodeValue, type WireValue } from "./value.ts";

export interface StatementResult {
  readonly cols: readonly Column[];
  readonly rows: readonly (readonly WireValue[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

const INSERTS = new Set(["INSERT", "REPLACE"]);
const CHANGES_ROWS = new Set([...INSERTS, "UPDATE", "DELETE"]);

/** Runs one statement whose SQL text is known, waiting for locks as long as `patience` allows. */
export function execute(
  connection: Connection,
  sql: string,
  input: Omit<Statement, "text">,
  patience: Patience,
): Promise<Outcome<StatementResult>> {
  return attempt(connection, patience, () => {
    const prepared = connection.prepare(sql);
    if (!prepared.ok) {
      return prepared;
    }
    const args = bindArguments(prepared.value.parameters, input);
    if (!args.ok) {
      return args;
    }
    const { columns, rows } = connection.run(prepared.value, args.value);
    return success({
      cols: columns,
      rows: input.wantRows ? rows.map((row) => row.map(encodeValue)) : [],
      ...changesOf(connection, prepared.value.verb),
    });
  });
}

// SQLite keeps the counts of the last change until the next one; a statement of another kind has none of its own.
function changesOf(
  connection: Connection,
  verb: string,
): Pick<StatementResult, "affected_row_count" | "last_insert_rowid"> {
  if (!CHANGES_ROWS.has(verb)) {
    return { affected_row_count: 0, last_insert_rowid: null };
  }
  const { count, rowid } = connection.lastChange();
  return { affected_row_count: count, last_insert_rowid: INSERTS.has(verb) ? rowid : null };
}
