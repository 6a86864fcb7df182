import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createHandler } from "./handler.ts";
import { Pool } from "./pool.ts";
import { Streams } from "./streams.ts";

export interface DevDatabaseOptions {
  /** Path of the database file. The server creates the file but not its folder. */
  readonly file: string;
  /** A free port by default. */
  readonly port?: number | undefined;
  /** If set, requests need it as their bearer token. */
  readonly authToken?: string | undefined;
  /** How long a statement waits for another stream's lock before it fails with SQLITE_BUSY. */
  readonly busyTimeoutMs?: number | undefined;
  /** How long a stream may stay idle between two requests before it is rolled back. */
  readonly batonTtlMs?: number | undefined;
}

export interface DevDatabase {
  readonly url: string;
  readonly port: number;
  /** Rolls back open streams and releases port and file. */
  close(): Promise<void>;
}

// Loopback only: the server has no TLS, and a token is optional.
const HOST = "127.0.0.1";
const DEFAULT_BUSY_TIMEOUT_MS = 5_000;
const DEFAULT_BATON_TTL_MS = 10_000;
// Longer than clients keep an idle socket. Otherwise they sometimes write into a socket that the server is closing.
const KEEP_ALIVE_MS = 65_000;
/** How long `close` waits for clients that are still sending their request. */
const CLOSE_GRACE_MS = 500;

/**
 * Serves one SQLite file to libSQL clients on this machine: Hrana over HTTP in JSON, at `/v2/pipeline` and `/v3/pipeline`.
 *
 * Two limits come from the `libsql` package: it reads text up to the first NUL, and text that is not UTF-8 ends the
 * process. Do not open the file elsewhere in the same process: closing it there drops SQLite's locks.
 *
 * @throws Node's own error, with `code` EADDRINUSE, if the port is in use.
 */
export async function startDevDatabase(options: DevDatabaseOptions): Promise<DevDatabase> {
  const { file, port = 0, authToken, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, batonTtlMs } = options;
  const pool = openPool(file);
  const streams = new Streams(pool, batonTtlMs ?? DEFAULT_BATON_TTL_MS);
  let closing: Promise<void> | undefined;
  const handle = createHandler(streams, { authToken, busyTimeoutMs, isClosing: () => closing !== undefined });
  const running = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const handling = handle(request, response).finally(() => running.delete(handling));
    running.add(handling);
  });
  try {
    await once(server.listen(port, HOST), "listening");
  } catch (error) {
    pool.close();
    throw error;
  }
  const address = server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;

  async function close(): Promise<void> {
    const closed = once(server, "close");
    server.close();
    // Requests that wait for a lock give up within milliseconds. They need their connections until then.
    await Promise.race([Promise.all(running), sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
    server.closeAllConnections();
    await Promise.all([closed, ...running]);
    streams.close();
    pool.close();
  }
  return { url: `http://${HOST}:${boundPort}`, port: boundPort, close: () => (closing ??= close()) };
}

function openPool(file: string): Pool {
  try {
    return new Pool(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown error";
    throw new Error(`Cannot open the database "${file}": ${reason}`, { cause: error });
  }
}
