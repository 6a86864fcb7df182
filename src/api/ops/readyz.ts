import type { Context } from "hono";
import { verifyStore, writingRing } from "../../commit/store-row.ts";
import { SealError } from "../../seal/seal-error.ts";
import type { AppEnv } from "../app-env.ts";
import { logException } from "../log-exception.ts";
import { renewHeartbeat } from "../renew-heartbeat.ts";
import { readKeysUntil } from "../read-keys.ts";
import { respond, retryAfter } from "../respond.ts";
import { startDeadline } from "../start-deadline.ts";

/** Load balancers poll every few seconds: a later answer would be useless. */
const TIMEOUT_MS = 2000;

/**
 * An older heartbeat is renewed, to find out whether the database can be written to: libSQL's server has stalls of writes while reads
 * go on. So a stall is noticed after this time, and there is one write in it however often the service is asked.
 */
const MAX_HEARTBEAT_MS = 10_000;

export const NOT_READY = { status: "not_ready" } as const;

/**
 * `GET /readyz`: requests can be served. The database answers and can be written to, its schema is the one this code knows, and the ring
 * has every key that rows depend on. One database request without a retry, or two every 10 seconds. The operator's log has the reasons, and a warning if the
 * first key of the ring is not the one that rows are written under.
 */
export async function readyz(c: Context<AppEnv>): Promise<Response> {
  const requestId = c.get("requestId");
  const trail = c.get("trail");
  trail.action = "ops.readyz";
  try {
    await verifyReady(c);
    return respond(200, { status: "ready" }, requestId);
  } catch (error) {
    const { platform } = c.env;
    const line = logException(error);
    trail.outcome = line.reason;
    platform.log({ event: "not_ready", requestId, ...line });
    return retryAfter(respond(503, NOT_READY, requestId), platform.random());
  }
}

/** @throws SealError, StoreUnavailable */
async function verifyReady(c: Context<AppEnv>): Promise<void> {
  const { deadline, client } = c.get("attempts");
  using limit = startDeadline(c.env.platform, TIMEOUT_MS);
  const signal = AbortSignal.any([deadline, client, limit.attempts.deadline]);
  const at = c.env.platform.now();
  const snapshot = await c.get("store").load({ keyUse: {}, heartbeat: {} }, signal);
  const keys = await readKeysUntil(signal, c.env.keys);
  if (!keys.ok) throw new SealError("unknown_key", `SPIKE_ROOT_KEYS ${keys.problem}`);
  const { ring } = keys;
  await verifyStore(ring, snapshot);
  const missing = snapshot.keyUse.filter(({ keyId, used }) => used && !ring.keys.some((key) => key.id === keyId));
  if (missing.length > 0) {
    const ids = missing.map(({ keyId }) => `"${keyId}"`).join(", ");
    throw new SealError("unknown_key", `rows depend on key ids that are not in the ring: ${ids}`);
  }
  await renewHeartbeat(c.env, { ring, snapshot, at, maxAgeMs: MAX_HEARTBEAT_MS, signal });
  reportKeyOrder(c, ring.primary.id, writingRing(ring, snapshot).primary.id);
}

/** Reminds the operator that a key at the front of the ring is not used for writing until it is registered. */
function reportKeyOrder(c: Context<AppEnv>, first: string, primary: string): void {
  if (first === primary) return;
  c.env.platform.log({
    level: "warn",
    event: "first_key_not_primary",
    requestId: c.get("requestId"),
    detail: `rows are written under "${primary}": register "${first}", which is first in SPIKE_ROOT_KEYS, or put "${primary}" first`,
  });
}
