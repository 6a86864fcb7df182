import { authorityIn, type AuthorityState, verifyAuthorityRow } from "../commit/authority-row.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import type { PolicyRow } from "../store/rows.ts";
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

/** Policies in one load. The nodes that prove them take up to a kilobyte each. */
const MAX_PER_LOAD = 2000;

/** How often a list without `limit` starts again because a policy changed while it was read. */
const MAX_RESTARTS = 5;

interface ListOptions {
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly after: string;
  readonly limit: number | undefined;
}

/**
 * Policies in the order of their names, after `after` (exclusive). If a pattern is given, only policies with exactly that
 * pattern; the SPIFFE ID pattern takes precedence over the path pattern. A policy that does not verify is reported and
 * left out, because it grants nothing.
 *
 * With `limit`, at most that many policies are examined, and `next` is the name to continue after. Without it, the list is
 * complete and from one moment, and more than 10 000 policies are a failure. One round trip for about 2000 policies.
 *
 * @throws SealError, StoreUnavailable
 */
export async function listPolicies(deps: PolicyDeps, request: ListOptions): Promise<PolicyResult<PolicyList>> {
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts += 1) {
    const result = await readList(deps, request);
    if (result !== undefined) return result;
  }
  return failed("too_many_names");
}

/** Undefined if a policy changed between two loads: each change raises the epoch. */
async function readList(deps: PolicyDeps, request: ListOptions): Promise<PolicyResult<PolicyList> | undefined> {
  const { limit } = request;
  const policies: Policy[] = [];
  let { after } = request;
  let missing = limit ?? MAX_POLICIES;
  let epoch: number | undefined;
  for (;;) {
    const snapshot = await loadPermitted(deps, { policies: { after, limit: Math.min(missing, MAX_PER_LOAD) } });
    if (snapshot === undefined) return failed("denied");
    const { store, policies: page } = snapshot;
    if (store.epoch !== (epoch ??= store.epoch)) return undefined;
    policies.push(
      ...(await verifyAll(deps, authorityIn(snapshot), page.rows)).filter((policy) => isListed(policy, request)),
    );
    missing -= page.rows.length;
    const last = page.rows.at(-1)?.name;
    const isEnd = !page.more || last === undefined;
    if (limit !== undefined) {
      const next = isEnd && missing > 0 ? undefined : last;
      return { ok: true, answer: { policies, next, revision: store.revision } };
    }
    if (isEnd) return { ok: true, answer: { policies, next: undefined, revision: store.revision } };
    if (missing <= 0) return failed("too_many_names");
    after = last;
  }
}

/** The policies that verify. The others are reported. */
async function verifyAll(
  { ring, reportPolicy }: PolicyDeps,
  state: AuthorityState,
  rows: readonly PolicyRow[],
): Promise<readonly Policy[]> {
  const verify = async (row: PolicyRow): Promise<Policy | undefined> => {
    const { name } = row;
    return await reportSealError(verifyAuthorityRow(POLICIES, { ring, ...state, name, row }), (fault) =>
      reportPolicy({ policy: name, ...fault }),
    );
  };
  return (await Promise.all(rows.map(verify))).filter((policy) => policy !== undefined);
}

/** Whether a policy has exactly the given pattern. */
function isListed(
  policy: Policy,
  { spiffeIdPattern, pathPattern }: Pick<ListOptions, "spiffeIdPattern" | "pathPattern">,
): boolean {
  if (spiffeIdPattern !== "") return policy.spiffeIdPattern === spiffeIdPattern;
  return pathPattern === "" || policy.pathPattern === pathPattern;
}
