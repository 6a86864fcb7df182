import { setTimeout as pause } from "node:timers/promises";
import {
  type Caller,
  type Exchange,
  isAcknowledged,
  isWrite,
  type Operation,
  type Request,
} from "../history/history.ts";
import type { Random } from "../random.ts";
import { type Bookmark, NewestBookmark } from "./bookmark.ts";
import type { SendOptions } from "./http-transport.ts";
import type { KnownVersions } from "./known-versions.ts";
import type { Paths } from "./paths.ts";
import { planOperation } from "./plan-operation.ts";
import type { UsedKeys } from "./used-keys.ts";

/** What all clients of a run share. */
export interface ClientDeps {
  readonly paths: Paths;
  readonly known: KnownVersions;
  readonly usedKeys: UsedKeys;
  /** URLs of the workers. */
  readonly workers: readonly string[];
  send(request: Request, options: SendOptions, keep?: (bookmark: Bookmark) => void): Promise<Exchange>;
  /** The newest bookmark of all clients, for a client to send with its own. */
  readonly sharedBookmark: NewestBookmark;
  tokenOf(caller: Caller): Promise<string>;
  /** Undefined when the run is over. */
  nextOperationId(): number | undefined;
  record(operation: Operation): void;
  /** Replaces a recorded operation by one with more exchanges. */
  amend(operation: Operation): void;
  /** Called when a client disconnected before the response. */
  onDisconnect(): void;
  /** Share of the requests whose client disconnects. */
  readonly disconnectRate: number;
}

interface ClientRequest {
  readonly caller: Caller;
  readonly request: Request;
  readonly key?: string;
}

/** Exchanges under one key. After that, the client leaves the outcome unknown. */
const MAX_EXCHANGES = 12;
const MAX_DISCONNECT_MS = 30;
const REPLAY_RATE = 0.1;
const CONCURRENT_RETRY_RATE = 0.05;
/** Share of the operations before which an old write is repeated. */
const LATE_REPLAY_RATE = 0.01;
const MAX_REMEMBERED = 20;
const KEY_REUSE_RATE = 0.03;
const BORROWED_KEY_RATE = 0.1;
/** Share of the requests with bookmarks that also send the newest bookmark of another client. */
const BORROWED_BOOKMARK_RATE = 0.05;
const DEFINITE_STATUSES: ReadonlySet<number> = new Set([200, 400, 401, 404, 409, 413, 422]);

/** Runs one operation after the other, each on a random worker. */
export class Client {
  private readonly deps: ClientDeps;
  private readonly number: number;
  private readonly random: Random;
  private readonly bookmark: NewestBookmark | undefined;
  private sent = 0;
  /** The latest acknowledged write with a key. */
  private acknowledged: Operation | undefined;
  /** Acknowledged writes with keys, from all parts of the run. */
  private readonly remembered: Operation[] = [];

  constructor(deps: ClientDeps, number: number, random: Random) {
    this.deps = deps;
    this.number = number;
    this.random = random;
    // Three of five clients, so that some of each team and some of the superuser's have bookmarks.
    if (number % 5 < 3) this.bookmark = new NewestBookmark();
  }

  async run(): Promise<void> {
    for (;;) {
      const id = this.deps.nextOperationId();
      if (id === undefined) return;
      if (this.random.chance(LATE_REPLAY_RATE)) await this.repeatOld();
      const operation = (this.random.chance(KEY_REUSE_RATE) && (await this.reuseKey(id))) || (await this.runNext(id));
      this.deps.record(operation);
    }
  }

  /** Runs one request of the superuser, without retries. */
  async execute(
    request: Request,
    { id, worker, key }: { readonly id: number; readonly worker: number; readonly key?: string },
  ): Promise<Operation> {
    const operation = { id, client: this.number, caller: "superuser", request, ...(key !== undefined && { key }) };
    return { ...operation, exchanges: [await this.send(operation, worker)] };
  }

  /** Sends a write again under its key. @returns the operation with one more exchange */
  async repeat(operation: Operation, worker?: number): Promise<Operation> {
    return { ...operation, exchanges: [...operation.exchanges, await this.send(operation, worker)] };
  }

  /** Repeats a write long after it was acknowledged: its key must still be known. */
  private async repeatOld(): Promise<void> {
    const index = this.random.below(this.remembered.length);
    const operation = this.remembered[index];
    if (operation === undefined) return;
    const repeated = await this.repeat(operation);
    this.remembered[index] = repeated;
    this.deps.amend(repeated);
  }

  private remember(operation: Operation): void {
    if (this.remembered.length < MAX_REMEMBERED) this.remembered.push(operation);
    else if (this.random.chance(0.1)) this.remembered[this.random.below(MAX_REMEMBERED)] = operation;
  }

  private async runNext(id: number): Promise<Operation> {
    const { caller, request, keyed } = planOperation({ ...this.deps, random: this.random }, this.number, id);
    const operation = { id, client: this.number, caller, request };
    if (!keyed) return { ...operation, exchanges: [await this.send(operation)] };
    // Keys belong to their callers: a key that another caller has used is a new one for this caller.
    const borrowed = this.random.chance(BORROWED_KEY_RATE) ? this.deps.usedKeys.borrow(caller) : undefined;
    const key = borrowed ?? `client-${this.number}-${id}`;
    const completed = { ...operation, key, exchanges: await this.sendUntilDefinite({ caller, request, key }) };
    if (isWrite(request) && isAcknowledged(completed)) {
      this.acknowledged = completed;
      this.remember(completed);
      if (borrowed === undefined) this.deps.usedKeys.add(caller, key);
    }
    return completed;
  }

  /** Retries a write under its key until the outcome is known. */
  private async sendUntilDefinite(write: ClientRequest): Promise<readonly Exchange[]> {
    const exchanges: Exchange[] = [];
    while (exchanges.length < MAX_EXCHANGES) {
      const workers = this.random.chance(CONCURRENT_RETRY_RATE) ? [0, 1] : [undefined];
      exchanges.push(...(await Promise.all(workers.map(async (worker) => await this.send(write, worker)))));
      if (exchanges.some(({ status }) => DEFINITE_STATUSES.has(status))) break;
      await pause(this.random.below(50 * exchanges.length));
    }
    if (this.random.chance(REPLAY_RATE)) exchanges.push(await this.send(write));
    return exchanges;
  }

  /** Sends another request with the key of an acknowledged write. */
  private async reuseKey(id: number): Promise<Operation | undefined> {
    const earlier = this.acknowledged;
    if (earlier?.key === undefined || !("path" in earlier.request)) return undefined;
    const { caller, key } = earlier;
    const { path } = earlier.request;
    const request = this.random.pick<Request>([
      { kind: "put", path, value: `value of operation ${id}` },
      { kind: "put", path: `${path}/x`, value: `value of operation ${id}` },
      { kind: "delete", path, numbers: [77] },
    ]);
    const exchanges = [await this.send({ caller, request, key })];
    return { id, client: this.number, caller, request, key, reusesKeyOf: earlier.id, exchanges };
  }

  private async send({ caller, request, key }: ClientRequest, preferredWorker?: number): Promise<Exchange> {
    const { deps, random } = this;
    const worker = (preferredWorker ?? random.below(deps.workers.length)) % deps.workers.length;
    const disconnects = random.chance(deps.disconnectRate);
    this.sent += 1;
    const options: SendOptions = {
      url: deps.workers[worker] ?? "",
      worker,
      trace: `${toHex(this.number + 1)}${toHex(this.sent)}`,
      token: await deps.tokenOf(caller),
      key,
      bookmarks: this.bookmarks(),
      disconnectAfterMs: disconnects ? random.below(MAX_DISCONNECT_MS) : undefined,
    };
    const exchange = await deps.send(request, options, (bookmark) => {
      this.bookmark?.keep(bookmark);
      deps.sharedBookmark.keep(bookmark);
    });
    if (disconnects && exchange.status === 0) deps.onDisconnect();
    return exchange;
  }

  private bookmarks(): readonly Bookmark[] | undefined {
    if (this.bookmark === undefined) return undefined;
    const own = this.bookmark.get();
    const shared = this.random.chance(BORROWED_BOOKMARK_RATE) ? this.deps.sharedBookmark.get() : undefined;
    return [own, shared].filter((bookmark) => bookmark !== undefined);
  }
}

/** Half a trace ID. */
function toHex(number: number): string {
  return number.toString(16).padStart(16, "0");
}
