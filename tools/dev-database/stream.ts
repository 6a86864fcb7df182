import type { Connection } from "./connection.ts";
import { HranaFailure, MalformedPipeline } from "./errors.ts";
import type { RemoteStream } from "./follower/remote-stream.ts";
import type { SqlReference } from "./hrana.ts";
import type { Pool } from "./pool.ts";

/** A Hrana stream: one connection, and the SQL texts that its client has stored. */
export class Stream {
  /** By number. */
  readonly texts = new Map<number, string>();
  /** Only on a follower. */
  readonly remote: RemoteStream | undefined;
  readonly #pool: Pool;
  #connection: Connection | undefined;

  constructor(pool: Pool, remote?: RemoteStream) {
    this.#pool = pool;
    this.remote = remote;
    this.#connection = pool.acquire();
  }

  get isClosed(): boolean {
    return this.#connection === undefined;
  }

  get connection(): Connection {
    if (this.#connection === undefined) {
      throw new HranaFailure("STREAM_CLOSED", "Cannot run the request: the stream is closed");
    }
    return this.#connection;
  }

  textOf({ sql, sql_id: sqlId }: SqlReference): string {
    if (typeof sql === "string") {
      return sql;
    }
    if (typeof sqlId !== "number") {
      throw new MalformedPipeline("a statement needs sql or sql_id");
    }
    const stored = this.texts.get(sqlId);
    if (stored === undefined) {
      throw new HranaFailure("SQL_NOT_FOUND", `Cannot use SQL text ${sqlId}: the stream has not stored it`);
    }
    return stored;
  }

  /** Rolls back an open transaction and gives the connection back. */
  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) {
      this.#pool.release(connection);
      this.remote?.close();
    }
  }
}
