import type { Token } from "./tokens.ts";

const AFTER_WITH = new Set(["SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"]);

/** The keyword that says what a statement does: its first word, or the one behind the tables of a WITH clause. */
export function verbOf(statement: readonly Token[]): string {
  const first = statement[0]?.text.toUpperCase() ?? "";
  return first === "WITH" ? verbBehindWith(statement) : first;
}

function verbBehindWith(statement: readonly Token[]): string {
  let depth = 0;
  for (const [index, token] of statement.entries()) {
    if (token.text === "(") {
      depth += 1;
    } else if (token.text === ")") {
      depth -= 1;
    } else if (depth === 0 && statement[index - 1]?.text === ")") {
      // Only what follows a closing parenthesis counts: `replace` is a lawful name for a table of the clause.
      const word = token.text.toUpperCase();
      if (AFTER_WITH.has(word)) {
        return word;
      }
    }
  }
  return "WITH";
}
