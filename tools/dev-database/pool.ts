import { resolve } from "node:path";
import { Connection } from "./connection.ts";

const MAX_IDLE_CONNECTIONS = 8;

/** Connections to one database file. They are reused, because opening one takes longer than most statements. */
export class Pool {
  readonly #file: string;
  readonly #setup: string;
  readonly #idle: Connection[] = [];

  /** Throws if `file` cannot be opened as a database. @param setup SQL for each new connection */
  constructor(file: string, setup: string) {
    // An absolute path, because the package treats `:memory:`, `file:` and `libsql:` names as addresses.
    this.#file = resolve(file);
    this.#setup = setup;
    this.#idle.push(this.#connect());
  }

  acquire(): Connection {
    return this.#idle.pop() ?? this.#connect();
  }

  /** Rolls back what the stream left open and keeps the connection if another stream can use it. */
  release(connection: Connection): void {
    connection.rollback();
    if (connection.isReusable && this.#idle.length < MAX_IDLE_CONNECTIONS) {
      this.#idle.push(connection);
    } else {
      connection.close();
    }
  }

  close(): void {
    const connections = this.#idle.splice(0);
    connections[0]?.checkpoint();
    for (const connection of connections) {
      connection.close();
    }
  }

  #connect(): Connection {
    return new Connection(this.#file, this.#setup);
  }
}
