import type { Context } from "hono";
import { withFreshness } from "../../commit/replica-access.ts";
import { ReplicaUnusable, replicaProblemOf } from "../../commit/replica-unusable.ts";
import { MAX_REPLICA_MS } from "../../store/replica-time.ts";
import type { Replica } from "../../store/store.ts";
import type { AppEnv } from "../app-env.ts";
import { reportReplica } from "../report-problems.ts";
import type { Answer } from "./failure.ts";
import type { DepsSource } from "./operation.ts";

/**
 * Answers a read from the store's replica, if the service may read there. Undefined if the primary has to answer: the replica does
 * not, is too old, or is not trusted; or the request would be refused, which may be wrong in an old state.
 */
export async function readNear(
  c: Context<AppEnv>,
  source: DepsSource,
  run: (near: DepsSource) => Promise<Answer>,
): Promise<Answer | undefined> {
  const { replicaReads, platform } = c.env;
  const { replica } = source.write.store;
  if (replicaReads === undefined || replica === undefined) return undefined;
  const { ring, attempts, access } = source.write;
  const fresh = withFreshness(access, { ...replicaReads, ring, beganAt: platform.now() });
  const load: Replica["load"] = async (query, signal) => {
    const limit = new AbortController();
    using _timer = attempts.startTimer(MAX_REPLICA_MS, () => limit.abort());
    try {
      return await replica.load(query, AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      // Not repeated: the primary is the second attempt.
      throw replicaProblemOf(error) ?? error;
    }
  };
  const commit = async (): Promise<never> =>
    await Promise.reject(new ReplicaUnusable("replica_not_verified", "a read tried to write"));
  const store = { load, commit, commitEach: commit };
  try {
    const answer = await run({ ...source, bulkStore: store, write: { ...source.write, store, access: fresh } });
    return answer.ok ? answer : undefined;
  } catch (error) {
    const problem = replicaProblemOf(error);
    if (problem === undefined) throw error;
    // The end of the request is no fault of the replica. The load from the primary then fails at once.
    if (attempts.client.aborted || attempts.deadline.aborted) return undefined;
    reportReplica(platform.log, c.get("requestId"))(problem);
    return undefined;
  }
}
