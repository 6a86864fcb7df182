import { faultText } from "../json/fault.ts";
import type { TrustDeps } from "./deps.ts";
import type { TrustFailure } from "./failure.ts";
import type { Fetch } from "./fetch-bundle.ts";
import { isDue } from "./is-due.ts";
import { listBundles, MAX_BUNDLES } from "./list.ts";
import { refreshLoaded } from "./refresh.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** The caller that the audit records. It is not a SPIFFE ID, so no request can claim it. */
const SCHEDULE = "spike-edge:schedule";

/** Milliseconds to wait for an endpoint, redirects included. */
const TIMEOUT_MS = 10_000;

/** Endpoints that are fetched at the same time, so that a slow one does not delay the others. */
const CONCURRENCY = 4;

/** The result for one bundle that was due. */
export interface ScheduledRefresh {
  readonly trustDomain: string;
  readonly outcome: "changed" | "unchanged" | "not_reached" | "exception" | TrustFailure["code"];
  /** For the operator's log. */
  readonly detail?: string;
  /** The exception, for the outcome `exception`. */
  readonly error?: unknown;
}

type LoadedBundle = StoredBundle & { readonly revision: number };

/**
 * Refreshes the stored bundles that have an endpoint and are due ({@link isDue}), a few at a time. A failed refresh keeps
 * the stored bundle and does not stop the others. The first bundle is chosen at random, so that a deadline which is too
 * short for all of them does not always skip the same ones.
 *
 * @param createDeps called once per bundle, so that each has its own limit of database requests
 * @param run `at` and `every` as in {@link isDue}
 * @param report called once per due bundle, also for those that were not reached before the deadline
 * @throws SealError, StoreUnavailable if the bundles cannot be listed
 */
export async function refreshDueBundles(
  createDeps: () => TrustDeps,
  run: { readonly at: number; readonly every: number; readonly traceId: string; readonly fetch: Fetch },
  report: (refresh: ScheduledRefresh) => void,
): Promise<void> {
  const { attempts } = createDeps();
  const due = await listDue(createDeps, run);
  const first = Math.floor(attempts.random() * due.length);
  const waiting = [...due.slice(first), ...due.slice(0, first)];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { trustDomain } = next.row;
      const expired = attempts.deadline.aborted;
      report(expired ? { trustDomain, outcome: "not_reached" } : await refreshOne(createDeps(), next, run));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function listDue(
  createDeps: () => TrustDeps,
  run: { readonly at: number; readonly every: number },
): Promise<readonly LoadedBundle[]> {
  const due: LoadedBundle[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page = await listBundles(createDeps(), { after, limit: MAX_BUNDLES });
    if (!page.ok) throw new RangeError(`Cannot list the stored bundles: ${page.failure.code}`);
    const { bundles, next, revision } = page.answer;
    const found = bundles.filter(({ row }) => row.endpointUrl !== null && isDue(row.refreshHint, run));
    due.push(...found.map((bundle) => ({ ...bundle, revision })));
    after = next;
  }
  return due;
}

async function refreshOne(
  deps: TrustDeps,
  seen: LoadedBundle,
  { traceId, fetch }: { readonly traceId: string; readonly fetch: Fetch },
): Promise<ScheduledRefresh> {
  const { trustDomain } = seen.row;
  try {
    const result = await refreshLoaded(deps, { caller: SCHEDULE, traceId, seen }, { fetch, timeoutMs: TIMEOUT_MS });
    if (result.ok) return { trustDomain, outcome: result.answer.changed ? "changed" : "unchanged" };
    const { failure } = result;
    return { trustDomain, outcome: failure.code, ...("fault" in failure && { detail: faultText(failure.fault) }) };
  } catch (error) {
    return { trustDomain, outcome: "exception", error };
  }
}
