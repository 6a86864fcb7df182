import Database from "libsql";
import { bindArguments } from "./bind-arguments.ts";
import { isBusy } from "./errors.ts";
import type { Statement, StatementResult } from "./hrana.ts";
import { checkArguments, checkRows } from "./limits.ts";
import { parseSqlText, refuseOtherFiles, type SqlText } from "./sql-text.ts";
import { encodeValue } from "./value.ts";

interface Prepared {
  readonly text: SqlText;
  readonly native: Database.Statement;
  readonly returnsRows: boolean;
  /** The columns under the schema of that version. */
  columns?: { readonly schema: unknown; readonly cols: StatementResult["cols"] };
}

const MAX_CACHED_STATEMENTS = 200;
const NO_CHANGES = { affected_row_count: 0, last_insert_rowid: null };

/** One SQLite connection. Methods are synchronous, never wait for a lock, and throw the package's error if SQLite fails. */
export class Connection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Prepared>();
  readonly #lastChange: Database.Statement;
  readonly #schemaVersion: Database.Statement;
  #isReusable = true;

  /** @param setup SQL that runs first */
  constructor(file: string, setup: string) {
    this.#database = new Database(file, { timeout: 0 });
    this.#database.exec(setup);
    this.#lastChange = this.#database.prepare("SELECT changes(), CAST(last_insert_rowid() AS TEXT)").raw();
    this.#schemaVersion = this.#database.prepare("PRAGMA schema_version").raw();
  }

  get isAutocommit(): boolean {
    return !this.#database.inTransaction;
  }

  /** False if the connection carries settings, temporary tables or a statement in progress into the next stream. */
  get isReusable(): boolean {
    return this.#isReusable;
  }

  execute(sql: string, statement: Statement): StatementResult {
    const prepared = this.#prepare(sql);
    if (prepared.text.isTransactionControl) {
      // Unlike a prepared statement, this leaves nothing in progress if BEGIN IMMEDIATE meets a lock.
      this.#database.exec(sql);
      return { cols: [], rows: [], ...NO_CHANGES };
    }
    try {
      return this.#run(prepared, statement);
    } catch (error) {
      // The package does not reset a statement that met a lock. SQLite refuses COMMIT while it counts as in progress.
      this.#isReusable &&= !isBusy(error);
      throw error;
    } finally {
      if (!prepared.text.leavesNoTrace) {
        this.#retire();
      }
    }
  }

  /** Runs several statements up to the first that fails. */
  executeSequence(sql: string): void {
    refuseOtherFiles(sql);
    const wasAutocommit = this.isAutocommit;
    try {
      this.#database.exec(sql);
    } catch (error) {
      // So that the next attempt does not find the BEGIN of this one.
      if (wasAutocommit && isBusy(error)) {
        this.rollback();
      }
      throw error;
    } finally {
      this.#retire();
    }
  }

  rollback(): void {
    if (!this.isAutocommit) {
      this.#database.exec("ROLLBACK");
    }
  }

  /** Moves the content of the write-ahead log into the database file, so that the file alone is a complete copy. */
  checkpoint(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) {
      return cached;
    }
    const text = parseSqlText(sql);
    const native = this.#database.prepare(sql);
    const returnsRows = native.reader;
    if (returnsRows) {
      native.raw().safeIntegers();
    }
    const prepared = { text, native, returnsRows };
    if (this.#statements.size >= MAX_CACHED_STATEMENTS) {
      this.#statements.clear();
    }
    this.#statements.set(sql, prepared);
    return prepared;
  }

  #run(prepared: Prepared, statement: Statement): StatementResult {
    const { text, native, returnsRows } = prepared;
    const args = bindArguments(text.parameters, statement);
    checkArguments(args, text);
    if (!returnsRows) {
      native.run(args);
      return { cols: [], rows: [], ...this.#changesOf(text) };
    }
    // Not before a write: in a deferred transaction reading the version starts a snapshot. A write that has to wait for a
    // lock would then fail, because the lock's holder changes what the snapshot contains.
    const [schema] = text.changesRows ? [] : fieldsOf(this.#schemaVersion.get([]));
    const rows = native.all(args).map(fieldsOf);
    checkRows(rows);
    return {
      cols: this.#columnsOf(prepared, schema),
      rows: statement.want_rows === false ? [] : rows.map((row) => row.map(encodeValue)),
      ...this.#changesOf(text),
    };
  }

  /**
   * Called after the statement has run, because SQLite compiles it anew if the schema has changed. Reading columns takes
   * longer than most statements, so they are kept while the schema keeps its version. A connection that may have changed
   * the schema itself does not keep them: a rollback reuses version numbers.
   */
  #columnsOf(prepared: Prepared, schema: unknown): StatementResult["cols"] {
    const kept = prepared.columns;
    if (kept !== undefined && schema !== undefined && kept.schema === schema && this.#isReusable) {
      return kept.cols;
    }
    const cols = prepared.native.columns().map(({ name, type }) => ({ name, decltype: type }));
    prepared.columns = { schema, cols };
    return cols;
  }

  #changesOf({ changesRows, insertsRows }: SqlText): Pick<StatementResult, "affected_row_count" | "last_insert_rowid"> {
    if (!changesRows) {
      return NO_CHANGES;
    }
    const [count, rowid] = fieldsOf(this.#lastChange.get([]));
    return { affected_row_count: Number(count), last_insert_rowid: insertsRows ? String(rowid) : null };
  }

  // The statement may have set busy_timeout, with which SQLite would sleep in the thread that serves the lock's holder.
  #retire(): void {
    this.#isReusable = false;
    this.#database.exec("PRAGMA busy_timeout = 0");
  }
}

function fieldsOf(row: unknown): readonly unknown[] {
  if (!Array.isArray(row)) {
    throw new TypeError("Cannot read a row: the libsql package did not return an array");
  }
  return row;
}
