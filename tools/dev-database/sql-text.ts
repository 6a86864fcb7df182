import { HranaFailure } from "./errors.ts";

/** What the server needs to know about a statement and the `libsql` package does not report. */
export interface SqlText {
  /** Parameters in SQLite's order, with their prefix; an empty string for those without a name. */
  readonly parameters: readonly string[];
  /** BEGIN, COMMIT, ROLLBACK and the like. */
  readonly isTransactionControl: boolean;
  /** The statement leaves no settings or temporary tables in its connection. */
  readonly leavesNoTrace: boolean;
  readonly changesRows: boolean;
  readonly insertsRows: boolean;
}

const LITERAL_OR_COMMENT = /'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[^]*?(?:\*\/|$)/gu;
const PARAMETER = /\?\d*|(?<![\w$\u0080-\u{10ffff}])[:@$][\w$\u0080-\u{10ffff}]+/gu;
const TRANSACTION_CONTROL = /^\s*(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/iu;
const LEAVES_NO_TRACE = /^\s*(?:SELECT|VALUES|WITH|INSERT|REPLACE|UPDATE|DELETE)\b/iu;
// A word before a parenthesis is a function or a table of the WITH clause.
const CHANGE = /^\s*(?:WITH\b.*?\b)?(INSERT|REPLACE|UPDATE|DELETE)\b(?!\s*\()/isu;
// Not reads: rolling back to a savepoint, and most pragmas, such as user_version.
const READ =
  /^\s*(?:SELECT|VALUES|WITH|BEGIN|COMMIT|END|ROLLBACK(?!.*\bTO\b)|PRAGMA\s+(?:\w+\s*\.\s*)?(?:compile_options|database_list|encoding|function_list|index_list|index_xinfo|module_list|pragma_list|table_info|table_list|table_xinfo))\b/isu;
const SEVERAL_STATEMENTS = /;\s*[^\s;]/u;
const CREATE_TRIGGER = /^\s*CREATE\s+(?:TEMP\s+|TEMPORARY\s+)?TRIGGER\b/iu;
const OTHER_FILE = /\bATTACH\b|\bVACUUM\b[^;]*\bINTO\b/iu;

/** Throws a HranaFailure unless `sql` is exactly one statement that the server may run. */
export function parseSqlText(sql: string): SqlText {
  refuseOtherFiles(sql);
  const code = codeOf(sql);
  if (/^[\s;]*$/u.test(code)) {
    throw new HranaFailure("SQL_NO_STATEMENT", "Cannot run the SQL text: it contains no statement");
  }
  // The package ignores everything after the first statement.
  if (SEVERAL_STATEMENTS.test(code) && !CREATE_TRIGGER.test(code)) {
    throw new HranaFailure("SQL_MANY_STATEMENTS", "Cannot run the SQL text: it contains more than one statement");
  }
  const isTransactionControl = TRANSACTION_CONTROL.test(code);
  const change = CHANGE.exec(code)?.[1]?.toUpperCase();
  return {
    parameters: parametersOf(code),
    isTransactionControl,
    leavesNoTrace: isTransactionControl || LEAVES_NO_TRACE.test(code),
    changesRows: change !== undefined,
    insertsRows: change === "INSERT" || change === "REPLACE",
  };
}

/** True if a replica of the libSQL server (0.24) runs all statements of the text itself. */
export function isRead(sql: string): boolean {
  const statements = codeOf(sql).split(";");
  return statements.every((text) => /^\s*$/u.test(text) || (READ.test(text) && !CHANGE.test(text)));
}

/** Throws a HranaFailure for SQL that reads or writes other files. */
export function refuseOtherFiles(sql: string): void {
  if (OTHER_FILE.test(codeOf(sql))) {
    throw new HranaFailure("BLOCKED", "Cannot run ATTACH or VACUUM INTO: the server serves one file only");
  }
}

/** The text without comments, string literals and quoted names. */
function codeOf(sql: string): string {
  return sql.replaceAll(LITERAL_OR_COMMENT, " ");
}

function parametersOf(code: string): string[] {
  const names: string[] = [];
  for (const [name] of code.matchAll(PARAMETER)) {
    if (name === "?") {
      names.push("");
    } else if (name.startsWith("?")) {
      setNumbered(names, name);
    } else if (!names.includes(name)) {
      names.push(name);
    }
  }
  return names;
}

// SQLITE_MAX_VARIABLE_NUMBER. SQLite refuses the statement itself.
const MAX_PARAMETERS = 32_766;

function setNumbered(names: string[], name: string): void {
  const number = Number(name.slice(1));
  while (names.length < Math.min(number, MAX_PARAMETERS)) {
    names.push("");
  }
}
