import { verifyStore } from "../commit/store-row.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { load } from "../store/load.ts";
import type { PolicyView } from "../store/store.ts";
import { fail, type PolicyResult } from "./failure.ts";
import type { Policy } from "./policy.ts";
import type { PolicyDeps } from "./deps.ts";
import { verifyPolicy } from "./verify-policy.ts";

/** `next`: the last name that was looked at, where there may be more. `revision`: the store's. */
interface PolicyList {
  readonly policies: readonly Policy[];
  readonly next: string | undefined;
  readonly revision: number;
}

/** The most policies one answer holds. */
export const MAX_POLICIES = 10_000;

/**
 * Policies by name, from `after` (exclusive) on: all, or those whose pattern is exactly the one given; the SPIFFE ID
 * pattern counts where both are given. A policy that does not verify is left out and reported: it grants nothing either.
 *
 * Without `limit` all of them or, beyond 10 000, a failure. With one, that many are looked at, and `next` is the name to go
 * on behind. One round trip. @throws SealError, StoreUnavailable
 */
export async function listPolicies(
  deps: PolicyDeps,
  asked: {
    readonly spiffeIdPattern: string;
    readonly pathPattern: string;
    readonly after: string;
    readonly limit: number | undefined;
  },
): Promise<PolicyResult<PolicyList>> {
  const { spiffeIdPattern, pathPattern, after, limit } = asked;
  const query = { ...deps.access.query, policies: { after, limit: limit ?? MAX_POLICIES + 1 } };
  const snapshot = await load(deps.store, query, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return fail("denied");
  const { store, policies } = snapshot;
  if (policies.length > MAX_POLICIES) return fail("too_many_names");
  const wanted = (policy: Policy): boolean => {
    if (spiffeIdPattern !== "") return policy.spiffeIdPattern === spiffeIdPattern;
    return pathPattern === "" || policy.pathPattern === pathPattern;
  };
  const verify = async (view: PolicyView): Promise<Policy | undefined> => {
    const name = view.row?.name ?? "";
    return await reportSealError(verifyPolicy(deps.ring, store, { name, view }), (fault) =>
      deps.reportPolicy({ policy: name, ...fault }),
    );
  };
  const found = (await Promise.all(policies.map(verify))).filter((policy) => policy !== undefined);
  const next = policies.length === limit ? policies.at(-1)?.row?.name : undefined;
  return { ok: true, answer: { policies: found.filter(wanted), next, revision: store.revision } };
}
