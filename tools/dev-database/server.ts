import { createServer, type Server } from "node:http";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createHandler } from "./handler.ts";
import { Pool } from "./pool.ts";
import { Streams } from "./streams.ts";

export interface DevDatabaseOptions {
  /** Path of the database file, which is made when it is missing; its folder is not. */
  readonly file: string;
  /** 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** A loopback address or `localhost`; `127.0.0.1` by default. */
  readonly host?: string | undefined;
  /** When set, pipelines need it as their bearer token. */
  readonly authToken?: string | undefined;
  /** How long a statement waits for another stream's lock before it fails with SQLITE_BUSY. */
  readonly busyTimeoutMs?: number | undefined;
  /** How long a stream may stay idle between two requests before it is rolled back. */
  readonly batonTtlMs?: number | undefined;
}

export interface DevDatabase {
  readonly url: string;
  readonly port: number;
  /** Rolls back open streams and frees port and file; the process can end afterwards. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
const DEFAULT_BATON_TTL_MS = 10_000;
// Longer than clients keep an idle socket, or they would now and then write into one that is just being closed.
const KEEP_ALIVE_MS = 65_000;
// What a client that is still sending its request gets when the server closes.
const GRACE_MS = 500;

/**
 * Serves one SQLite file to libSQL clients: Hrana 2 and 3 over HTTP in JSON, at /v2/pipeline and /v3/pipeline. It is for
 * development on one machine and therefore listens on loopback only.
 *
 * Rejects with Node's own error (`code` EADDRINUSE) when the port is taken. Two limits come from the `libsql` package:
 * text is read up to its first NUL, and reading text that is not UTF-8 ends the process. Nothing but this package may
 * open the file in the same process meanwhile: closing it there would drop SQLite's locks.
 */
export async function startDevDatabase(options: DevDatabaseOptions): Promise<DevDatabase> {
  const { file, port = 0, host = "127.0.0.1", authToken } = options;
  refuseUnsafe(file, host, authToken);
  const pool = openPool(file);
  const streams = new Streams(pool, options.batonTtlMs ?? DEFAULT_BATON_TTL_MS);
  const busyTimeoutMs = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS;
  const state = { isClosing: false };
  const running = new Set<Promise<void>>();
  const handle = createHandler({ streams, authToken, busyTimeoutMs, isClosing: () => state.isClosing });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const handling = handle(request, response).finally(() => running.delete(handling));
    running.add(handling);
  });
  try {
    await listen(server, port, host);
  } catch (error) {
    pool.close();
    throw error;
  }
  const address = server.address();
  const bound = typeof address === "object" ? (address?.port ?? port) : port;
  const close = async (): Promise<void> => {
    state.isClosing = true;
    const closed = stopListening(server);
    // Whoever waits for a lock gives up within milliseconds; only then may the connections go.
    await Promise.race([Promise.all(running), sleep(GRACE_MS, undefined, { ref: false })]);
    server.closeAllConnections();
    await Promise.all([closed, ...running]);
    streams.close();
    pool.close();
  };
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  return { url, port: bound, close: once(close) };
}

function refuseUnsafe(file: string, host: string, authToken: string | undefined): void {
  if (!LOOPBACK.has(host)) {
    throw new Error(`Cannot listen on "${host}": the development database serves this machine only`);
  }
  if (authToken === "") {
    throw new Error("Cannot ask for an empty token: leave it out to serve without one");
  }
  if (file === "" || file === ":memory:") {
    throw new Error(`Cannot serve "${file}": every connection would see a database of its own`);
  }
}

function openPool(file: string): Pool {
  try {
    // An absolute path, because the package takes `libsql:` and `file:` names for addresses.
    return new Pool(resolve(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown error";
    throw new Error(`Cannot open the database "${file}": ${reason}`, { cause: error });
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= action());
}
