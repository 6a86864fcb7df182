import { randomBytes } from "node:crypto";
import { HranaFailure } from "./errors.ts";
import type { RemoteStream } from "./follower/remote-stream.ts";
import type { Pool } from "./pool.ts";
import { Stream } from "./stream.ts";

interface Parked {
  readonly stream: Stream;
  readonly timer: NodeJS.Timeout;
}

/**
 * The streams of a server. A stream that its client leaves open between two requests waits under a baton: a random name,
 * valid for one request and for `ttlMs`.
 */
export class Streams {
  readonly #pool: Pool;
  readonly #ttlMs: number;
  readonly #openRemote: (() => RemoteStream) | undefined;
  readonly #parked = new Map<string, Parked>();

  /** @param openRemote only on a follower: opens the stream at the primary that belongs to a stream */
  constructor(pool: Pool, ttlMs: number, openRemote?: () => RemoteStream) {
    this.#pool = pool;
    this.#ttlMs = ttlMs;
    this.#openRemote = openRemote;
  }

  open(): Stream {
    return new Stream(this.#pool, this.#openRemote?.());
  }

  resume(baton: string): Stream {
    const parked = this.#parked.get(baton);
    if (parked === undefined) {
      const message = "Cannot continue the stream: it was idle for too long, or the baton is unknown or used";
      throw new HranaFailure("STREAM_EXPIRED", message);
    }
    clearTimeout(parked.timer);
    this.#parked.delete(baton);
    return parked.stream;
  }

  park(stream: Stream): string {
    const baton = randomBytes(32).toString("base64url");
    const expire = (): void => {
      this.#parked.delete(baton);
      stream.close();
    };
    this.#parked.set(baton, { stream, timer: setTimeout(expire, this.#ttlMs).unref() });
    return baton;
  }

  close(): void {
    for (const { stream, timer } of this.#parked.values()) {
      clearTimeout(timer);
      stream.close();
    }
    this.#parked.clear();
  }
}
