/** A piece of SQL text that means something; white space and comments are left out. */
export interface Token {
  readonly kind: "word" | "quoted" | "variable" | "symbol";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

// SQLite's IdChar: ASCII letters, digits, `_`, `$` and everything beyond ASCII.
const WORD = /[\w$\u0080-\u{10ffff}]+/uy;
// The suffixes `::name` and `(…)` come from Tcl and are part of the name.
const NAMED_VARIABLE = /[$@:#](?:[\w$\u0080-\u{10ffff}]|::)*(?:\([^ \t\n\f\r)]*\))?/uy;
const NUMBERED_VARIABLE = /\?\d*/uy;
// Not `\s`: SQLite takes a no-break space for a letter.
const SPACE = /[ \t\n\f\r]+/uy;

/** Splits SQL text as SQLite's own tokenizer does, as far as parameters and statement ends need it. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let start = 0;
  while (start < sql.length) {
    const [kind, end] = nextToken(sql, start);
    if (kind !== "blank") {
      tokens.push({ kind, text: sql.slice(start, end), start, end });
    }
    start = end;
  }
  return tokens;
}

function nextToken(sql: string, at: number): [Token["kind"] | "blank", number] {
  const character = sql.charAt(at);
  switch (character) {
    case " ":
    case "\t":
    case "\n":
    case "\f":
    case "\r":
      return ["blank", matchEnd(SPACE, sql, at)];
    case "'":
    case '"':
    case "`":
      return ["quoted", quotedEnd(sql, at, character)];
    case "[":
      return ["quoted", endAfter(sql, "]", at)];
    case "?":
      return ["variable", matchEnd(NUMBERED_VARIABLE, sql, at)];
    case "$":
    case "@":
    case ":":
    case "#":
      return ["variable", matchEnd(NAMED_VARIABLE, sql, at)];
    default:
      return nextPlainToken(sql, at);
  }
}

function nextPlainToken(sql: string, at: number): [Token["kind"] | "blank", number] {
  if (sql.startsWith("--", at)) {
    return ["blank", endAfter(sql, "\n", at)];
  }
  if (sql.startsWith("/*", at)) {
    return ["blank", endAfter(sql, "*/", at + 2)];
  }
  const end = matchEnd(WORD, sql, at);
  return end > at ? ["word", end] : ["symbol", at + 1];
}

function matchEnd(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

function endAfter(sql: string, terminator: string, at: number): number {
  const found = sql.indexOf(terminator, at);
  return found === -1 ? sql.length : found + terminator.length;
}

function quotedEnd(sql: string, at: number, quote: string): number {
  let end = endAfter(sql, quote, at + 1);
  while (sql.charAt(end) === quote) {
    end = endAfter(sql, quote, end + 1);
  }
  return end;
}
