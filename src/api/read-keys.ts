import type { KeyRing } from "../seal/key-ring.ts";
import type { Keys, KeySource } from "../seal/key-source.ts";
import { abortable } from "../store/abortable.ts";
import type { Service } from "./service.ts";

/** The keys of one request. */
export interface RequestKeys {
  readonly ring: KeyRing;
  readonly rootKeys: Extract<Keys, { readonly ok: true }>["roots"];
}

/** Reads the keys. Undefined if they are missing, or cannot be read before `signal` aborts; the operator's log then has the reason. */
export async function readKeys(
  { keys, platform }: Pick<Service, "keys" | "platform">,
  { signal, requestId }: { readonly signal: AbortSignal; readonly requestId: string },
): Promise<RequestKeys | undefined> {
  const read = await readKeysUntil(signal, keys);
  if (read.ok) return { ring: read.ring, rootKeys: read.roots };
  const detail = `SPIKE_ROOT_KEYS ${read.problem}`;
  platform.log({ level: "error", event: "not_configured", requestId, detail });
  return undefined;
}

/** Reads the keys, but not after `signal` aborts. A Secrets Store binding may take any time, and has no timeout of its own. */
export async function readKeysUntil(signal: AbortSignal, keys: KeySource): Promise<Keys> {
  try {
    const read = keys.read();
    return read instanceof Promise ? await abortable(read, signal) : read;
  } catch (error) {
    if (!signal.aborted) throw error;
    return { ok: false, problem: "could not be read in time" };
  }
}
