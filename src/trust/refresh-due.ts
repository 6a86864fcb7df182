import type { Fetch } from "./fetch-bundle.ts";
import type { TrustFailure } from "./failure.ts";
import { isDue } from "./is-due.ts";
import { listBundles, MAX_BUNDLES } from "./list.ts";
import { refreshSeen } from "./refresh.ts";
import type { TrustDeps } from "./deps.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** Who the audit says it was: no SPIFFE ID, so nobody can call by this name. */
const SCHEDULE = "spike-edge:schedule";

/** How long an endpoint is waited for, redirects and all. */
const TIMEOUT_MS = 10_000;

/** Endpoints that are asked at once: one that does not answer must not keep the others waiting. */
const AT_ONCE = 4;

/** What became of one bundle that was due. */
export interface ScheduledRefresh {
  readonly trustDomain: string;
  readonly outcome: "changed" | "unchanged" | "not_reached" | "exception" | TrustFailure["code"];
  /** For the operator's log. */
  readonly detail?: string;
  /** What was thrown. */
  readonly error?: unknown;
}

type Due = StoredBundle & { readonly revision: number };

/**
 * Refreshes the stored bundles that have an endpoint and are due ({@link isDue}), some at once, from a random one on: where the
 * time does not suffice for all, it is not always the same ones that wait. One that fails keeps what is stored and does not keep the
 * others from being looked at. Reports each to `tell`, those too that were not reached before the deadline.
 *
 * @param roomOf a room for each, with a budget of its own
 * @throws SealError, StoreUnavailable where the bundles can't be listed
 */
export async function refreshDueBundles(
  depsOf: () => TrustDeps,
  look: { readonly at: number; readonly every: number; readonly traceId: string; readonly fetch: Fetch },
  tell: (refresh: ScheduledRefresh) => void,
): Promise<void> {
  const { attempts } = depsOf();
  const due: Due[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page = await listBundles(depsOf(), { after, limit: MAX_BUNDLES });
    if (!page.ok) throw new RangeError(`Cannot list the stored bundles: ${page.failure.code}`);
    const { bundles, next, revision } = page.answer;
    const wanted = bundles.filter(({ row }) => row.endpointUrl !== null && isDue(row.refreshHint, look));
    due.push(...wanted.map((bundle) => ({ ...bundle, revision })));
    after = next;
  }
  const first = Math.floor(attempts.random() * due.length);
  const waiting = [...due.slice(first), ...due.slice(0, first)];
  const work = async (): Promise<void> => {
    for (let seen = waiting.shift(); seen !== undefined; seen = waiting.shift()) {
      const { trustDomain } = seen.row;
      tell(
        attempts.deadline.aborted ? { trustDomain, outcome: "not_reached" } : await refreshOne(depsOf(), seen, look),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function refreshOne(
  deps: TrustDeps,
  seen: Due,
  { traceId, fetch }: { readonly traceId: string; readonly fetch: Fetch },
): Promise<ScheduledRefresh> {
  const { trustDomain } = seen.row;
  try {
    const reach = { fetch, timeoutMs: TIMEOUT_MS };
    const result = await refreshSeen(deps, { caller: SCHEDULE, traceId, seen }, reach);
    if (result.ok) return { trustDomain, outcome: result.answer.changed ? "changed" : "unchanged" };
    const { failure } = result;
    return { trustDomain, outcome: failure.code, ...("detail" in failure && { detail: failure.detail }) };
  } catch (error) {
    return { trustDomain, outcome: "exception", error };
  }
}
