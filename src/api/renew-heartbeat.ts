import { markOf } from "../commit/bookmark/mark.ts";
import { isDue, signHeartbeat } from "../commit/heartbeat.ts";
import { verifyStore } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { Snapshot } from "../store/store.ts";
import { logException } from "./log-exception.ts";
import { readKeys } from "./read-keys.ts";
import type { Service } from "./service.ts";
import { startDeadline } from "./start-deadline.ts";
import { createTraceId } from "./trace-id.ts";

/** Far below the interval of the scheduled event. */
const TIMEOUT_MS = 20_000;

/** Writes the heartbeat of the store for the scheduled event, so that replicas show their age without writes. Never rejects. */
export async function beat(service: Service): Promise<void> {
  const { platform, store, writeHeartbeat } = service;
  if (writeHeartbeat === undefined) return;
  const requestId = createTraceId(platform);
  using started = startDeadline(platform, TIMEOUT_MS);
  const signal = started.attempts.deadline;
  try {
    const keys = await readKeys(service, { signal, requestId });
    if (keys === undefined) return;
    const at = platform.now();
    const snapshot = await store.load({ heartbeat: {} }, signal);
    await verifyStore(keys.ring, snapshot);
    await renewHeartbeat(service, { ring: keys.ring, snapshot, at, maxAgeMs: 0, signal });
  } catch (error) {
    platform.log({ event: "heartbeat_failed", requestId, ...logException(error) });
  }
}

/**
 * Replaces the stored heartbeat if it is older than `maxAgeMs`. One round trip, or none.
 *
 * @param options `snapshot`: from the primary, verified; `at`: the time before it was requested
 * @throws SealError, StoreUnavailable
 */
export async function renewHeartbeat(
  { writeHeartbeat }: Pick<Service, "writeHeartbeat">,
  options: {
    readonly ring: KeyRing;
    readonly snapshot: Snapshot<{ heartbeat: object }>;
    readonly at: number;
    readonly maxAgeMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { ring, snapshot, at, maxAgeMs, signal } = options;
  const mark = markOf(snapshot);
  if (writeHeartbeat === undefined || mark === undefined) return;
  if (!isDue(snapshot.heartbeat.row, at, maxAgeMs)) return;
  const { store } = snapshot;
  const values = await signHeartbeat(ring, mark, { store, at });
  await writeHeartbeat({ ...values, revision: mark.revision }, store, signal);
}
