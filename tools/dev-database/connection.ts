import Database from "libsql";
import { failure, success, type Outcome } from "./outcome.ts";
import { parametersOf } from "./sql/parameters.ts";
import { splitTokens } from "./sql/split.ts";
import { tokenize, type Token } from "./sql/tokens.ts";
import { verbOf } from "./sql/verb.ts";
import type { SqlValue } from "./value.ts";

export interface Column {
  readonly name: string;
  readonly decltype: string | null;
}

export interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface Prepared {
  readonly native: Database.Statement;
  readonly returnsRows: boolean;
  readonly verb: string;
  readonly parameters: readonly (string | null)[];
}

const CACHED_STATEMENTS = 200;
const LONGEST_CACHED_SQL = 16_384;

// Statements that leave nothing behind in a connection once its transaction has ended. All others (PRAGMA, CREATE TEMP
// TABLE and what may come) keep it from being handed to another stream.
const LEAVE_NO_TRACE = new Set(
  "SELECT VALUES INSERT REPLACE UPDATE DELETE BEGIN COMMIT END ROLLBACK SAVEPOINT RELEASE".split(" "),
);

/** One SQLite connection. Every method is synchronous and never waits for a lock. */
export class Connection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Prepared>();
  readonly #columns = new WeakMap<Prepared, { readonly schema: unknown; readonly columns: readonly Column[] }>();
  #lastChange: Database.Statement | undefined;
  #schemaVersion: Database.Statement | undefined;
  #schema: unknown = undefined;
  // The package does not reset a statement that failed: until it runs again and succeeds, SQLite counts it as in progress,
  // and refuses to commit whatever else runs on its connection.
  readonly #unfinished = new Set<Prepared>();
  #isReusable = true;
  #isOpen = true;

  constructor(file: string) {
    this.#database = new Database(file, { timeout: 0 });
  }

  /**
   * Readers and the writer of a file leave each other alone in WAL mode. `synchronous` stays at its default FULL, since
   * in WAL mode NORMAL may lose commits that were already acknowledged when the power fails.
   */
  enterWal(): void {
    const [mode] = rowOf(this.#database.prepare("PRAGMA journal_mode = WAL").raw().get([]));
    if (mode !== "wal") {
      throw new Error(`Cannot enter WAL mode: the journal mode is "${String(mode)}"`);
    }
  }

  checkpoint(): void {
    this.#database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").raw().get([]);
  }

  get isInTransaction(): boolean {
    // The package ends the process when it is asked about a closed connection.
    return this.#isOpen && this.#database.inTransaction;
  }

  get isReusable(): boolean {
    return this.#isReusable && this.#unfinished.size === 0;
  }

  prepare(sql: string): Outcome<Prepared> {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, cached);
      return success(cached);
    }
    const tokens = splitTokens(tokenize(sql));
    const [statement] = tokens;
    if (statement === undefined) {
      return failure("SQL_NO_STATEMENT", "Cannot run the SQL text: it contains no statement");
    }
    if (tokens.length > 1) {
      return failure("SQL_MANY_STATEMENTS", "Cannot run the SQL text: it contains more than one statement");
    }
    const verb = verbOf(statement);
    if (namesAnotherFile(statement, verb)) {
      return failure("BLOCKED", `Cannot run ${verb}: other database files are out of bounds`);
    }
    const native = this.#database.prepare(sql);
    this.#watch(verb);
    const returnsRows = native.reader;
    if (returnsRows) {
      native.raw().safeIntegers();
    }
    const prepared = { native, returnsRows, verb, parameters: parametersOf(statement) };
    this.#remember(sql, prepared);
    return success(prepared);
  }

  /** Runs a statement to its end; throws the package's error when it fails. */
  run(prepared: Prepared, args: readonly SqlValue[]): Rows {
    this.#unfinished.add(prepared);
    const rows = this.#run(prepared, args);
    this.#unfinished.delete(prepared);
    return rows;
  }

  #run(prepared: Prepared, args: readonly SqlValue[]): Rows {
    const { native, returnsRows, verb } = prepared;
    if (!returnsRows) {
      native.run(args);
      this.#watch(verb);
      return { columns: [], rows: [] };
    }
    this.#schema ??= this.#readSchema();
    const rows = native.all(args).map(rowOf);
    this.#watch(verb);
    return { columns: this.#columnsOf(prepared), rows };
  }

  /** What the last INSERT, UPDATE or DELETE did; the package does not tell of those that return rows. */
  lastChange(): { readonly count: number; readonly rowid: string } {
    this.#lastChange ??= this.#database.prepare("SELECT changes(), CAST(last_insert_rowid() AS TEXT)").raw();
    const [count, rowid] = rowOf(this.#lastChange.get([]));
    return { count: Number(count), rowid: String(rowid) };
  }

  /** To be called whenever others have had the thread since the last statement: they may have changed the schema. */
  forgetSchema(): void {
    this.#schema = undefined;
  }

  rollback(): void {
    if (this.isInTransaction) {
      this.#database.exec("ROLLBACK");
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#statements.clear();
    this.#lastChange = undefined;
    this.#schemaVersion = undefined;
    this.#database.close();
  }

  #readSchema(): unknown {
    this.#schemaVersion ??= this.#database.prepare("PRAGMA schema_version").raw();
    return rowOf(this.#schemaVersion.get([]))[0];
  }

  // Running a statement compiles it anew when the schema has changed, so its columns are asked for afterwards. That takes
  // as long as running it, hence they are kept, but not where this connection may itself be changing the schema.
  #columnsOf(prepared: Prepared): readonly Column[] {
    const known = this.#columns.get(prepared);
    if (known !== undefined && known.schema === this.#schema && this.#isReusable) {
      return known.columns;
    }
    const columns = columnsOf(prepared.native);
    this.#columns.set(prepared, { schema: this.#schema, columns });
    return columns;
  }

  #remember(sql: string, prepared: Prepared): void {
    if (sql.length <= LONGEST_CACHED_SQL) {
      this.#statements.set(sql, prepared);
    }
    if (this.#statements.size > CACHED_STATEMENTS) {
      const [oldest] = this.#statements.keys();
      this.#statements.delete(oldest ?? "");
    }
  }

  // A pragma takes effect when it is compiled or run. With a busy_timeout SQLite would sleep in the only thread, which
  // also serves the stream it waits for.
  #watch(verb: string): void {
    if (!LEAVE_NO_TRACE.has(verb)) {
      this.#isReusable = false;
      this.#database.exec("PRAGMA busy_timeout = 0");
    }
  }
}

export function columnsOf(native: Database.Statement): Column[] {
  return native.columns().map(({ name, type }) => ({ name, decltype: type }));
}

// They would let a client read and write any file of the user who runs the server.
function namesAnotherFile(statement: readonly Token[], verb: string): boolean {
  const copiesAway = verb === "VACUUM" && statement.some((token) => token.text.toUpperCase() === "INTO");
  return verb === "ATTACH" || verb === "DETACH" || copiesAway;
}

function rowOf(row: unknown): readonly unknown[] {
  if (!Array.isArray(row)) {
    throw new TypeError("Cannot read a row: the libsql package did not give an array");
  }
  return row;
}
