import { tokenize, type Token } from "./tokens.ts";

/** The statements of a text, one array of tokens each; empty ones are left out. */
export function splitTokens(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (const token of tokens) {
    if (token.text === ";" && !isInsideTrigger(current)) {
      statements.push(current);
      current = [];
    } else {
      current.push(token);
    }
  }
  statements.push(current);
  return statements.filter((statement) => statement.length > 0);
}

/** The texts of the statements in `sql`, without their semicolons. */
export function splitStatements(sql: string): string[] {
  return splitTokens(tokenize(sql)).map((tokens) => sql.slice(tokens[0]?.start, tokens.at(-1)?.end));
}

// The rule of sqlite3_complete(): the body of a trigger ends with a semicolon, END, and another semicolon.
function isInsideTrigger(statement: readonly Token[]): boolean {
  if (!createsTrigger(statement)) {
    return false;
  }
  const [beforeLast, last] = statement.slice(-2);
  return !(beforeLast?.text === ";" && last?.text.toUpperCase() === "END");
}

function createsTrigger(statement: readonly Token[]): boolean {
  const words = statement.slice(0, 6).map((token) => token.text.toUpperCase());
  return /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER\b/u.test(words.join(" "));
}
