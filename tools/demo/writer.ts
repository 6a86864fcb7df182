import type { ApiClient } from "./api-client.ts";
import type { WorkerNumber } from "./cluster.ts";
import { confirmAcknowledged } from "./confirm.ts";
import { NoResponseError } from "./post.ts";

/** A put that can be sent more than once. */
export interface Put {
  readonly path: string;
  readonly value: string;
  /** The `Idempotency-Key`. */
  readonly key: string;
}

export interface AcknowledgedPut extends Put {
  readonly version: number;
  readonly revision: number;
}

/** Writes one version of a secret after another through one worker. */
export interface Writer {
  readonly name: string;
  readonly path: string;
  readonly worker: WorkerNumber;
  readonly client: ApiClient;
}

interface WriteLoop {
  isDone(): boolean;
  /** True once the worker was killed. Before that, a missing response is an error. */
  isKilled(): boolean;
  onAcknowledged(put: AcknowledgedPut): void;
}

/**
 * Writes until the loop is done or the worker is killed.
 *
 * @returns the put that got no response because the worker was killed
 */
export async function runWriter(writer: Writer, loop: WriteLoop): Promise<Put | undefined> {
  const { name, path } = writer;
  for (let count = 1; !loop.isDone(); count += 1) {
    const put = { path, value: `${name}, write ${count}`, key: crypto.randomUUID() };
    try {
      loop.onAcknowledged(await sendPut(writer, put));
    } catch (error) {
      if (error instanceof NoResponseError && loop.isKilled()) return put;
      throw error;
    }
  }
  return undefined;
}

/** @throws NoResponseError, CommandError if the put is rejected */
export async function sendPut(
  { client, worker }: Pick<Writer, "client" | "worker">,
  put: Put,
): Promise<AcknowledgedPut> {
  const { path, value, key } = put;
  const result = await client.put(worker, { path, value }, { key });
  return { ...put, ...confirmAcknowledged(`worker ${worker} acknowledges "${value}"`, result) };
}
