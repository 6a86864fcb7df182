import type { KeyedService, Service } from "./service.ts";

/** The service with the keys of this request; nothing where there are none, and the operator is told why. */
export async function keyed(service: Service, requestId: string): Promise<KeyedService | undefined> {
  const keys = await service.keys.read();
  if (keys.ok) return { ...service, ring: keys.ring, rootKeys: keys.roots };
  const detail = `SPIKE_ROOT_KEYS ${keys.problem}`;
  service.platform.log({ level: "error", event: "not_configured", requestId, detail });
  return undefined;
}
