import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommitLog } from "./commit-log/commit-log.ts";
import type { RemoteStream } from "./follower/remote-stream.ts";
import { createHandler } from "./handler.ts";
import type { Pool } from "./pool.ts";
import { Streams } from "./streams.ts";

export interface ServeOptions {
  /** A free port by default. */
  readonly port?: number | undefined;
  /** If set, requests need it as their bearer token. */
  readonly authToken?: string | undefined;
  /** How long a statement waits for another stream's lock before it fails with SQLITE_BUSY. */
  readonly busyTimeoutMs?: number | undefined;
  /** How long a stream may stay idle between two requests before it is rolled back. */
  readonly batonTtlMs?: number | undefined;
}

export interface ServedDatabase {
  readonly url: string;
  readonly port: number;
  /** Rolls back open streams and releases port and file. */
  close(): Promise<void>;
}

interface Parts extends ServeOptions {
  /** Sent to followers, and closed with the server. */
  readonly commitLog?: CommitLog | undefined;
  /** Only on a follower. */
  readonly openRemote?: (() => RemoteStream) | undefined;
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
 * Serves the database of a pool, and closes the pool with the server.
 *
 * @throws Node's own error, with `code` EADDRINUSE, if the port is in use.
 */
export async function serve(pool: Pool, parts: Parts): Promise<ServedDatabase> {
  const { port = 0, authToken, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, batonTtlMs, commitLog, openRemote } = parts;
  const streams = new Streams(pool, batonTtlMs ?? DEFAULT_BATON_TTL_MS, openRemote);
  let closing: Promise<void> | undefined;
  const handle = createHandler(streams, {
    authToken,
    busyTimeoutMs,
    isClosing: () => closing !== undefined,
    commitLog,
  });
  const running = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const handling = handle(request, response).finally(() => running.delete(handling));
    running.add(handling);
  });
  try {
    await once(server.listen(port, HOST), "listening");
  } catch (error) {
    commitLog?.close();
    pool.close();
    throw error;
  }
  const address = server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;

  async function close(): Promise<void> {
    const closed = once(server, "close");
    server.close();
    // Followers are disconnected.
    commitLog?.close();
    // Requests that wait for a lock give up within milliseconds. They need their connections until then.
    await Promise.race([Promise.all(running), sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
    server.closeAllConnections();
    await Promise.all([closed, ...running]);
    streams.close();
    pool.close();
  }
  return { url: `http://${HOST}:${boundPort}`, port: boundPort, close: () => (closing ??= close()) };
}
