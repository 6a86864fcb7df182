import { verifyAuthorityRow } from "../commit/authority-row.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import type { PolicyView } from "../store/store.ts";
import type { PolicyDeps } from "./deps.ts";
import { failed, type PolicyResult } from "./failure.ts";
import { POLICIES } from "./policies.ts";
import type { Policy } from "./policy.ts";

interface PolicyList {
  readonly policies: readonly Policy[];
  /** The last name that was examined, if there may be more. */
  readonly next: string | undefined;
  /** Revision of the store. */
  readonly revision: number;
}

/** Maximum number of policies in one answer. */
export const MAX_POLICIES = 10_000;

/**
 * Policies in the order of their names, after `after` (exclusive). If a pattern is given, only policies with exactly that
 * pattern; the SPIFFE ID pattern takes precedence over the path pattern. A policy that does not verify is reported and
 * left out, because it grants nothing.
 *
 * With `limit`, that many policies are examined, and `next` is the name to continue after. Without it, more than 10 000
 * policies are a failure. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function listPolicies(
  deps: PolicyDeps,
  request: {
    readonly spiffeIdPattern: string;
    readonly pathPattern: string;
    readonly after: string;
    readonly limit: number | undefined;
  },
): Promise<PolicyResult<PolicyList>> {
  const { spiffeIdPattern, pathPattern, after, limit } = request;
  const snapshot = await loadPermitted(deps, { policies: { after, limit: limit ?? MAX_POLICIES + 1 } });
  if (snapshot === undefined) return failed("denied");
  const { store, policies: views } = snapshot;
  if (views.length > MAX_POLICIES) return failed("too_many_names");
  const verify = async (view: PolicyView): Promise<Policy | undefined> => {
    const name = view.row?.name ?? "";
    return await reportSealError(verifyAuthorityRow(POLICIES, { ring: deps.ring, store, name, view }), (fault) =>
      deps.reportPolicy({ policy: name, ...fault }),
    );
  };
  const isListed = (policy: Policy | undefined): policy is Policy => {
    if (policy === undefined) return false;
    if (spiffeIdPattern !== "") return policy.spiffeIdPattern === spiffeIdPattern;
    return pathPattern === "" || policy.pathPattern === pathPattern;
  };
  const policies = (await Promise.all(views.map(verify))).filter(isListed);
  const next = views.length === limit ? views.at(-1)?.row?.name : undefined;
  return { ok: true, answer: { policies, next, revision: store.revision } };
}
