import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Execute } from "../../src/store/libsql/execute.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";

/** Limits of libSQL's server (sqld 0.24): a value, an argument, and an answer. */
const MAX_VALUE = 5_000_000;
const MAX_ANSWER = 10_000_000;

/** SQLite's result code (https://sqlite.org/rescode.html#toobig). */
const SQLITE_TOOBIG = 18;

/** A migrated database in memory with the limits of libSQL's server. */
export interface LimitedDatabase {
  readonly database: DatabaseSync;
  readonly execute: Execute;
  /** Bytes of each answer since the test last emptied the list. */
  readonly answers: number[];
}

export function limitedDatabase(): LimitedDatabase {
  const database = new DatabaseSync(":memory:");
  for (const file of readdirSync("migrations").filter((name) => name.endsWith(".sql"))) {
    database.exec(readFileSync(`migrations/${file}`, "utf8"));
  }
  const answers: number[] = [];
  const refuse = (code: string): never => {
    throw new StoreUnavailable("rejected", "none", code);
  };
  const run = (sql: string, args: unknown): unknown[][] => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    const rows = Array.isArray(args)
      ? statement.all(...args.map(toInput))
      : statement.all(
          Object.fromEntries(Object.entries(args as object).map(([name, value]) => [name, toInput(value)])),
        );
    // Blobs as the driver returns them.
    return (rows as unknown as unknown[][]).map((row) =>
      row.map((cell) => (cell instanceof Uint8Array ? cell.slice().buffer : cell)),
    );
  };
  const toInput = (value: unknown): SQLInputValue => {
    const size = typeof value === "string" ? value.length : value instanceof Uint8Array ? value.length : 0;
    if (size > MAX_VALUE) refuse("ARGS_INVALID");
    return value as SQLInputValue;
  };
  const execute: Execute = async (statements, mode) => {
    await Promise.resolve();
    try {
      // Set late: the fixtures of a test may insert more at once.
      database.limits.length = MAX_VALUE;
      if (mode === "write") database.exec("BEGIN IMMEDIATE");
      const results = statements.map(({ sql, args }) => ({ rows: run(sql, args) }));
      const size = JSON.stringify(results, (_, value: unknown) =>
        value instanceof ArrayBuffer ? Buffer.from(value).toString("base64") : value,
      ).length;
      answers.push(size);
      if (size > MAX_ANSWER) refuse("RESPONSE_TOO_LARGE");
      if (mode === "write") database.exec("COMMIT");
      return results as unknown as Awaited<ReturnType<Execute>>;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      if (error instanceof StoreUnavailable) throw error;
      const isTooBig = error instanceof Error && Reflect.get(error, "errcode") === SQLITE_TOOBIG;
      throw isTooBig
        ? new StoreUnavailable("answer_too_large", "none", "SQLITE_TOOBIG")
        : new StoreUnavailable("rejected", "none", "SQLITE_ERROR");
    }
  };
  return { database, execute, answers };
}
