import { columnsOf, type Column, type Connection } from "./connection.ts";
import { success, type Outcome } from "./outcome.ts";
import { attempt, type Patience } from "./patience.ts";
import { tokenize } from "./sql/tokens.ts";

export interface Description {
  readonly params: readonly { readonly name: string | null }[];
  readonly cols: readonly Column[];
  readonly is_explain: boolean;
  readonly is_readonly: boolean;
}

/** Says what a statement takes and gives, without running it. */
export function describe(connection: Connection, sql: string, patience: Patience): Promise<Outcome<Description>> {
  return attempt(connection, patience, () => {
    const prepared = connection.prepare(sql);
    if (!prepared.ok) {
      return prepared;
    }
    const { native, parameters, verb } = prepared.value;
    const program = connection.prepare(`EXPLAIN ${withoutExplain(sql)}`);
    if (!program.ok) {
      return program;
    }
    return success({
      params: parameters.map((name) => ({ name })),
      cols: columnsOf(native),
      is_explain: verb === "EXPLAIN",
      is_readonly: !connection
        .run(
          program.value,
          parameters.map(() => null),
        )
        .rows.some(writes),
    });
  });
}

const WRITING_OPCODES: ReadonlySet<unknown> = new Set(["Checkpoint", "Vacuum", "JournalMode"]);

// The rule by which SQLite itself fills sqlite3_stmt_readonly(), which the package does not offer: columns 1 and 3 of
// EXPLAIN are the opcode and its p2, which for `Transaction` says whether it may write.
function writes(instruction: readonly unknown[]): boolean {
  const [, opcode, , p2] = instruction;
  return WRITING_OPCODES.has(opcode) || (opcode === "Transaction" && p2 !== 0n);
}

function withoutExplain(sql: string): string {
  const words = tokenize(sql)
    .slice(0, 4)
    .map(({ text, start }) => ({ text: text.toUpperCase(), start }));
  if (words[0]?.text !== "EXPLAIN") {
    return sql;
  }
  return sql.slice(words[words[1]?.text === "QUERY" ? 3 : 1]?.start);
}
