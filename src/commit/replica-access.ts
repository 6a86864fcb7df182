import type { KeyRing } from "../seal/key-ring.ts";
import type { Access } from "../store/access.ts";
import { MAX_AHEAD_MS } from "../store/heartbeat-time.ts";
import type { AnySnapshot } from "../store/store.ts";
import { freshnessOf } from "./heartbeat.ts";
import { ReplicaUnusable } from "./replica-unusable.ts";

/**
 * Access that is given only by snapshots of the replica that are fresh enough: everything that was acknowledged more than
 * `maxStalenessMs` before the request began is in them, give or take the difference of two workers' clocks. A later snapshot of the
 * request must not be older than an earlier one.
 *
 * @param options `beganAt`: by the worker's clock, when the request began
 */
export function withFreshness(
  access: Access,
  options: {
    readonly ring: KeyRing;
    readonly storeId: string;
    readonly beganAt: number;
    readonly maxStalenessMs: number;
  },
): Access {
  const { ring, storeId, beganAt, maxStalenessMs } = options;
  let newestRevision = 0;
  const requireFresh = async ({ store, newest, heartbeat }: AnySnapshot): Promise<void> => {
    if (store.storeId !== storeId) {
      throw new ReplicaUnusable("replica_of_other_store", "its store id is not SPIKE_STORE_ID");
    }
    const at =
      store.revision < newestRevision || heartbeat === undefined
        ? undefined
        : await freshnessOf(ring, { store, newest, heartbeat });
    newestRevision = Math.max(newestRevision, store.revision);
    const age = at === undefined ? Infinity : beganAt - at;
    if (age <= maxStalenessMs && age >= -MAX_AHEAD_MS) return;
    throw new ReplicaUnusable("replica_behind", `its heartbeat is ${ageText(age)}, at revision ${store.revision}`);
  };
  return {
    ...access,
    query: { ...access.query, heartbeat: {} },
    async permits(snapshot) {
      await requireFresh(snapshot);
      return await access.permits(snapshot);
    },
    async requireCurrent(snapshot) {
      await requireFresh(snapshot);
      await access.requireCurrent?.(snapshot);
    },
  };
}

function ageText(ms: number): string {
  return Number.isFinite(ms) ? `${Math.round(ms / 1000)} s old` : "missing, or of a later state";
}
