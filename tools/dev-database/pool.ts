import { garbageCollection } from "./collect-garbage.ts";
import { Connection } from "./connection.ts";

const IDLE_CONNECTIONS = 8;
// The package frees a statement when it is garbage collected and not before, and until then SQLite holds the files of its
// closed connection open. Some systems give a process no more than 256 files.
const CLOSED_BEFORE_COLLECTION = 32;

/** Connections to one database file, kept open between streams since opening one costs more than most statements. */
export class Pool {
  readonly #file: string;
  readonly #idle: Connection[] = [];
  readonly #collectGarbage = garbageCollection();
  #isClosed = false;
  #closedConnections = 0;

  /** Opens a first connection, so that a file that is no database fails here and not in a request. */
  constructor(file: string) {
    this.#file = file;
    const connection = new Connection(file);
    try {
      connection.enterWal();
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#idle.push(connection);
  }

  acquire(): Connection {
    const connection = this.#idle.pop() ?? new Connection(this.#file);
    connection.forgetSchema();
    return connection;
  }

  /** Takes a connection back. What its stream left open is rolled back; one that carries settings is not used again. */
  release(connection: Connection): void {
    connection.rollback();
    const isFit = connection.isReusable && !connection.isInTransaction;
    if (isFit && !this.#isClosed && this.#idle.length < IDLE_CONNECTIONS) {
      this.#idle.push(connection);
    } else {
      this.#retire(connection);
    }
  }

  /** Rolls back and closes a connection for good. */
  discard(connection: Connection): void {
    try {
      connection.rollback();
    } finally {
      this.#retire(connection);
    }
  }

  close(): void {
    this.#isClosed = true;
    const connections = this.#idle.splice(0);
    // Leaves everything in the main file, for those who copy it while no server runs.
    connections[0]?.checkpoint();
    for (const connection of connections) {
      connection.close();
    }
  }

  #retire(connection: Connection): void {
    connection.close();
    this.#closedConnections += 1;
    if (this.#closedConnections % CLOSED_BEFORE_COLLECTION === 0) {
      this.#collectGarbage();
    }
  }
}
