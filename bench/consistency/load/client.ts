import { setTimeout as pause } from "node:timers/promises";
import type { Attempt, Caller, Operation, Request } from "../history/history.ts";
import type { Chance } from "./chance.ts";
import type { Sending } from "./exchange.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Paths } from "./paths.ts";
import type { UsedKeys } from "./used-keys.ts";
import { isWrite, planNext } from "./plan.ts";

/** What clients work with, all of them together. */
export interface Room {
  readonly paths: Paths;
  readonly knowledge: Knowledge;
  readonly keys: UsedKeys;
  /** Addresses of the workers. */
  readonly workers: readonly string[];
  send(request: Request, sending: Sending): Promise<Attempt>;
  tokenOf(caller: Caller): Promise<string>;
  /** The number of the next operation; undefined when the run is over. */
  nextId(): number | undefined;
  record(operation: Operation): void;
  /** The client has hung up before its answer came. */
  left(): void;
  /** Part of all requests whose client hangs up. */
  readonly gone: number;
}

/** Under one key a client tries at most so often, then it leaves the outcome open. */
const MOST_TRIES = 12;
const LONGEST_BEFORE_GONE_MS = 30;
const REPLAYED = 0.1;
const TWO_AT_ONCE = 0.05;
const KEY_REUSED = 0.03;
const KEY_OF_ANOTHER = 0.1;

/** One client: one operation after the other, each of them on whatever worker. */
export class Client {
  private readonly room: Room;
  private readonly number: number;
  private readonly chance: Chance;
  private sent = 0;
  /** An acknowledged write with a key. */
  private acknowledged: Operation | undefined;

  constructor(room: Room, number: number, chance: Chance) {
    this.room = room;
    this.number = number;
    this.chance = chance;
  }

  async run(): Promise<void> {
    for (;;) {
      const id = this.room.nextId();
      if (id === undefined) return;
      const operation = (this.chance.hits(KEY_REUSED) && (await this.reuseKey(id))) || (await this.next(id));
      this.room.record(operation);
      this.room.knowledge.note(operation);
    }
  }

  /** Asks for something and waits for the answer, once. */
  async ask(request: Request, options: { readonly id: number; readonly worker: number }): Promise<Operation> {
    const attempt = await this.attempt({ caller: "superuser", request }, options.worker);
    return { id: options.id, client: this.number, caller: "superuser", request, attempts: [attempt] };
  }

  private async next(id: number): Promise<Operation> {
    const { caller, request, keyed } = planNext({ ...this.room, chance: this.chance }, this.number, id);
    const start = { id, client: this.number, caller, request };
    if (!keyed) return { ...start, attempts: [await this.attempt(start)] };
    // Keys are the callers' own: what another one has used is new for this one.
    const borrowed = this.chance.hits(KEY_OF_ANOTHER) ? this.room.keys.borrow(caller) : undefined;
    const key = borrowed ?? `client-${this.number}-${id}`;
    const operation = { ...start, key, attempts: await this.persist({ ...start, key }) };
    if (isAcknowledged(operation)) {
      this.acknowledged = operation;
      if (borrowed === undefined) this.room.keys.note(caller, key);
    }
    return operation;
  }

  /** Sends a write again under its key until it is known what became of it. */
  private async persist(write: Asked): Promise<readonly Attempt[]> {
    const attempts: Attempt[] = [];
    while (attempts.length < MOST_TRIES) {
      const atOnce = this.chance.hits(TWO_AT_ONCE) ? [0, 1] : [undefined];
      attempts.push(...(await Promise.all(atOnce.map(async (worker) => await this.attempt(write, worker)))));
      if (attempts.some(isDefinite)) break;
      await pause(this.chance.below(50 * attempts.length));
    }
    if (this.chance.hits(REPLAYED)) attempts.push(await this.attempt(write));
    return attempts;
  }

  /** Another request under a key that was used. */
  private async reuseKey(id: number): Promise<Operation | undefined> {
    const earlier = this.acknowledged;
    if (earlier?.key === undefined || !("path" in earlier.request)) return undefined;
    const { caller, key } = earlier;
    const { path } = earlier.request;
    const request = this.chance.of<Request>([
      { kind: "put", path, value: `value of operation ${id}` },
      { kind: "put", path: `${path}/x`, value: `value of operation ${id}` },
      { kind: "delete", path, numbers: [77] },
    ]);
    const attempts = [await this.attempt({ caller, request, key })];
    return { id, client: this.number, caller, request, key, reuses: earlier.id, attempts };
  }

  private async attempt({ caller, request, key }: Asked, worker?: number): Promise<Attempt> {
    const { room, chance } = this;
    const chosen = (worker ?? chance.below(room.workers.length)) % room.workers.length;
    const gone = chance.hits(room.gone);
    this.sent += 1;
    const attempt = await room.send(request, {
      url: room.workers[chosen] ?? "",
      worker: chosen,
      trace: `${hex(this.number + 1, 16)}${hex(this.sent, 16)}`,
      token: await room.tokenOf(caller),
      key,
      goneAfterMs: gone ? chance.below(LONGEST_BEFORE_GONE_MS) : undefined,
    });
    if (gone && attempt.status === 0) room.left();
    return attempt;
  }
}

interface Asked {
  readonly caller: Caller;
  readonly request: Request;
  readonly key?: string;
}

const DEFINITE: ReadonlySet<number> = new Set([200, 400, 401, 404, 409, 413, 422]);

function isDefinite({ status }: Attempt): boolean {
  return DEFINITE.has(status);
}

function isAcknowledged({ request, attempts }: Operation): boolean {
  return isWrite(request) && attempts.some(({ status }) => status === 200);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
