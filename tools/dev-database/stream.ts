import type { Connection } from "./connection.ts";
import { failure, success, type Outcome } from "./outcome.ts";
import type { Pool } from "./pool.ts";
import type { SqlReference } from "./request.ts";

const MOST_STORED_TEXTS = 150;

/** A Hrana stream: a connection of its own from the first statement on, and the SQL texts stored under numbers. */
export class Stream {
  readonly #pool: Pool;
  readonly #texts = new Map<number, string>();
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get connection(): Connection {
    this.#connection ??= this.#pool.acquire();
    return this.#connection;
  }

  /** To be called when the stream goes on after its client let it wait. */
  wake(): void {
    this.#connection?.forgetSchema();
  }

  /** Outside a transaction, as a stream is that has run nothing yet. */
  get isAutocommit(): boolean {
    return this.#connection?.isInTransaction !== true;
  }

  textOf(reference: SqlReference): Outcome<string> {
    if ("sql" in reference) {
      return success(reference.sql);
    }
    const text = this.#texts.get(reference.sqlId);
    return text === undefined
      ? failure("SQL_NOT_FOUND", `Cannot use SQL text ${reference.sqlId}: the stream has not stored it`)
      : success(text);
  }

  storeText(sqlId: number, sql: string): Outcome<undefined> {
    if (this.#texts.has(sqlId)) {
      return failure("SQL_EXISTS", `Cannot store SQL text ${sqlId}: the number is taken`);
    }
    if (this.#texts.size >= MOST_STORED_TEXTS) {
      return failure("SQL_TOO_MANY", `Cannot store SQL text ${sqlId}: the stream holds ${MOST_STORED_TEXTS} already`);
    }
    this.#texts.set(sqlId, sql);
    return success(undefined);
  }

  dropText(sqlId: number): void {
    this.#texts.delete(sqlId);
  }

  /** Ends the stream as its client asked; the connection may serve another. */
  close(): void {
    this.#end((connection) => this.#pool.release(connection));
  }

  /** Ends a stream that nobody closed, and its connection with it. */
  discard(): void {
    this.#end((connection) => this.#pool.discard(connection));
  }

  #end(dispose: (connection: Connection) => void): void {
    const connection = this.#connection;
    this.#isClosed = true;
    this.#connection = undefined;
    this.#texts.clear();
    if (connection !== undefined) {
      dispose(connection);
    }
  }
}
