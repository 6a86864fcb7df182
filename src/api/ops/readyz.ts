import { verifyStore } from "../../commit/store-row.ts";
import { SealError } from "../../seal/seal-error.ts";
import { logException } from "../log-exception.ts";
import type { RequestScope } from "../request-scope.ts";
import { respond, retryAfter } from "../respond.ts";
import type { Service } from "../service.ts";

/** Who asks this asks again soon: an answer that is late is as good as none. */
const PATIENCE_MS = 2000;

export const NOT_READY = { status: "not_ready" } as const;

/**
 * Whether requests can be served: the database answers, its schema is the one this code knows, and the ring has every key
 * that rows depend on. One database request, no second try. The reasons are in the operator's log.
 */
export async function readyz(service: Service, scope: RequestScope): Promise<Response> {
  const { deadline, client } = scope.attempts;
  try {
    const signal = AbortSignal.any([deadline, client, AbortSignal.timeout(PATIENCE_MS)]);
    const snapshot = await scope.store.load({ keyUse: {} }, signal);
    const keys = await service.keys.read();
    if (!keys.ok) throw new SealError("unknown_key", `SPIKE_ROOT_KEYS ${keys.problem}`);
    const { ring } = keys;
    await verifyStore(ring, snapshot);
    const missing = snapshot.keyUse.filter(({ keyId, used }) => used && !ring.keys.some((key) => key.id === keyId));
    if (missing.length > 0) {
      const ids = missing.map(({ keyId }) => `"${keyId}"`).join(", ");
      throw new SealError("unknown_key", `rows depend on key ids that are not in the ring: ${ids}`);
    }
    return respond(200, { status: "ready" }, scope.id);
  } catch (error) {
    const line = logException(error);
    scope.trail.outcome = line.reason;
    service.platform.log({ event: "not_ready", requestId: scope.id, ...line });
    return retryAfter(respond(503, NOT_READY, scope.id), service.platform.random());
  }
}
