import { setTimeout as sleep } from "node:timers/promises";
import { COMMITS_PATH } from "../commit-log/send-commits.ts";
import { decodeCommits } from "../commit-log/message.ts";
import type { Commit, Position } from "../commit-log/page-change.ts";
import { ForwardFailure } from "../errors.ts";
import type { StreamRequest, StreamResult } from "../hrana.ts";

export interface PrimaryReply {
  readonly baton: string | null;
  readonly results: readonly StreamResult[];
}

interface PostOptions {
  /** Version of the protocol. */
  readonly version: number;
  /** True if the client has disconnected or the follower is closing. */
  readonly isAbandoned: () => boolean;
}

const POLL_MS = 5;

/** A follower's connection to its primary. */
export class Primary {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #closed = new AbortController();
  /** Aborts when the connection is cut. A new one after each reconnection. */
  #cut = new AbortController();
  #url: string;

  constructor(url: string, authToken: string | undefined) {
    this.#url = url;
    this.#headers = authToken === undefined ? {} : { authorization: `Bearer ${authToken}` };
  }

  cutOff(): void {
    this.#cut.abort();
  }

  reconnect(url: string | undefined): void {
    // Also the connection to the previous address.
    this.#cut.abort();
    this.#cut = new AbortController();
    this.#url = url ?? this.#url;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  close(): void {
    this.#closed.abort();
    this.#cut.abort();
  }

  /** The commits after `position`, until the connection is lost or cut. Throws if the primary does not send them. */
  async *commits(position: Position | undefined): AsyncGenerator<Commit> {
    const after = position === undefined ? "" : `?log=${position.log}&sequence=${position.sequence}`;
    const { signal } = this.#cut;
    const response = await fetch(`${this.#url}${COMMITS_PATH}${after}`, { headers: this.#headers, signal });
    if (response.status !== 200 || response.body === null) {
      throw new Error(`the primary answered with status ${response.status}`);
    }
    yield* decodeCommits(response.body);
  }

  /** Sends requests of a stream. Waits while the connection is cut, also with an answer that has arrived. */
  async post(requests: readonly StreamRequest[], baton: string | null, options: PostOptions): Promise<PrimaryReply> {
    await this.#connected(options);
    const response = await this.#fetch(JSON.stringify({ baton, requests }), options);
    const reply = await response?.json().catch(() => undefined);
    await this.#connected(options);
    if (response === undefined || reply === undefined) {
      throw new ForwardFailure(500, "Failed to execute queries via RPC protocol: the primary did not answer");
    }
    if (response.status !== 200) {
      const { message = "", code = "" } = reply;
      throw new ForwardFailure(400, `Failed to execute query via RPC. Error code: ${code}, message: ${message}`);
    }
    return reply;
  }

  async #fetch(body: string, { version }: PostOptions): Promise<Response | undefined> {
    const { signal } = this.#closed;
    return await fetch(`${this.#url}/v${version}/pipeline`, {
      method: "POST",
      headers: this.#headers,
      body,
      signal,
    }).catch(() => undefined);
  }

  async #connected({ isAbandoned }: PostOptions): Promise<void> {
    while (this.#cut.signal.aborted) {
      if (isAbandoned()) {
        throw new ForwardFailure(500, "Cannot wait for the primary: the request was abandoned");
      }
      await sleep(POLL_MS);
    }
  }
}
