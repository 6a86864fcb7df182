import type { Caller } from "./caller.ts";
import { acknowledged } from "./confirm.ts";
import type { WorkerNumber } from "./edge.ts";
import { Unanswered } from "./post.ts";

/** A write as a client sends it, and sends it again if it has to. */
export interface Put {
  readonly path: string;
  readonly value: string;
  /** Its `Idempotency-Key`. */
  readonly key: string;
}

export interface Done extends Put {
  readonly version: number;
  readonly revision: number;
}

/** A client that writes one version after the other through one worker. */
export interface Client {
  readonly name: string;
  readonly path: string;
  readonly worker: WorkerNumber;
  readonly caller: Caller;
}

/** What its client may do, asked before each write and when there was no answer. */
interface Situation {
  isOver(): boolean;
  /** Whether a worker that does not answer is no surprise. */
  isKilled(): boolean;
  onDone(write: Done): void;
}

/**
 * Lets a client write on until it is over, or its worker is killed.
 *
 * @returns the write that got no answer
 */
export async function writeOn(client: Client, situation: Situation): Promise<Put | undefined> {
  const { name, path } = client;
  for (let count = 1; !situation.isOver(); count += 1) {
    const put = { path, value: `${name}, write ${count}`, key: crypto.randomUUID() };
    try {
      situation.onDone(await send(client, put));
    } catch (error) {
      if (error instanceof Unanswered && situation.isKilled()) return put;
      throw error;
    }
  }
  return undefined;
}

/** Sends one write. @throws Unanswered, CommandError if it is refused */
export async function send({ caller, worker }: Pick<Client, "caller" | "worker">, put: Put): Promise<Done> {
  const { path, value, key } = put;
  const answer = await caller.put(worker, { path, value }, { key });
  return { ...put, ...acknowledged(`worker ${worker} acknowledges "${value}"`, answer) };
}
