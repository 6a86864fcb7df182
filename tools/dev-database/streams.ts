import { randomBytes } from "node:crypto";
import { failure, success, type Outcome } from "./outcome.ts";
import type { Pool } from "./pool.ts";
import { Stream } from "./stream.ts";

interface Parked {
  readonly stream: Stream;
  readonly timer: NodeJS.Timeout;
}

const REMEMBERED_EXPIRIES = 256;

/**
 * The streams of a server. One that its client leaves open between two requests is parked under a baton: a random name
 * that is good for one request, and for `ttlMs` only.
 */
export class Streams {
  readonly #pool: Pool;
  readonly #ttlMs: number;
  readonly #parked = new Map<string, Parked>();
  readonly #expired = new Set<string>();

  constructor(pool: Pool, ttlMs: number) {
    this.#pool = pool;
    this.#ttlMs = ttlMs;
  }

  open(): Stream {
    return new Stream(this.#pool);
  }

  resume(baton: string): Outcome<Stream> {
    const parked = this.#parked.get(baton);
    if (parked !== undefined) {
      clearTimeout(parked.timer);
      this.#parked.delete(baton);
      parked.stream.wake();
      return success(parked.stream);
    }
    return this.#expired.has(baton)
      ? failure("STREAM_EXPIRED", "Cannot continue the stream: it was left idle for too long and is rolled back")
      : failure("BATON_INVALID", "Cannot continue the stream: the baton is unknown or already used");
  }

  park(stream: Stream): string {
    const baton = randomBytes(32).toString("base64url");
    const timer = setTimeout(() => this.#expire(baton, stream), this.#ttlMs);
    timer.unref();
    this.#parked.set(baton, { stream, timer });
    return baton;
  }

  close(): void {
    for (const { stream, timer } of this.#parked.values()) {
      clearTimeout(timer);
      stream.discard();
    }
    this.#parked.clear();
  }

  #expire(baton: string, stream: Stream): void {
    this.#parked.delete(baton);
    this.#expired.add(baton);
    if (this.#expired.size > REMEMBERED_EXPIRIES) {
      const [oldest] = this.#expired;
      this.#expired.delete(oldest ?? "");
    }
    stream.discard();
  }
}
