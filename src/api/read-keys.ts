import type { KeyRing } from "../seal/key-ring.ts";
import type { Keys } from "../seal/key-source.ts";
import type { Service } from "./service.ts";

/** The keys of one request. */
export interface RequestKeys {
  readonly ring: KeyRing;
  readonly rootKeys: Extract<Keys, { readonly ok: true }>["roots"];
}

/** Reads the keys. Undefined if there are none; the operator's log then has the reason. */
export async function readKeys(
  { keys, platform }: Pick<Service, "keys" | "platform">,
  requestId: string,
): Promise<RequestKeys | undefined> {
  const read = await keys.read();
  if (read.ok) return { ring: read.ring, rootKeys: read.roots };
  const detail = `SPIKE_ROOT_KEYS ${read.problem}`;
  platform.log({ level: "error", event: "not_configured", requestId, detail });
  return undefined;
}
