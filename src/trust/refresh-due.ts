import type { Fetch } from "./fetch-bundle.ts";
import type { TrustFailure } from "./failure.ts";
import { isDue } from "./is-due.ts";
import { listBundles, MOST_BUNDLES } from "./list.ts";
import { refreshSeen } from "./refresh.ts";
import type { TrustRoom } from "./room.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** Who the audit says it was: no SPIFFE ID, so nobody can call by this name. */
const SCHEDULE = "spike-edge:schedule";

/** What became of one bundle that was due. */
export interface ScheduledRefresh {
  readonly trustDomain: string;
  readonly outcome: "changed" | "unchanged" | TrustFailure["code"] | "exception";
  /** For the operator's log. */
  readonly detail?: string;
  /** What was thrown. */
  readonly error?: unknown;
}

/**
 * Refreshes, one after the other, the stored bundles that have an endpoint and are due ({@link isDue}). One that fails keeps what
 * is stored and does not keep the others from being looked at. Reports each to `tell`.
 *
 * @throws SealError, StoreUnavailable where the bundles can't be listed
 */
export async function refreshDueBundles(
  room: TrustRoom,
  look: { readonly at: number; readonly every: number; readonly traceId: string; readonly fetch: Fetch },
  tell: (refresh: ScheduledRefresh) => void,
): Promise<void> {
  const due: (StoredBundle & { readonly revision: number })[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const page = await listBundles(room, { after, limit: MOST_BUNDLES });
    if (!page.ok) return;
    const { bundles, next, revision } = page.answer;
    const wanted = bundles.filter(({ row }) => row.endpointUrl !== null && isDue(row.refreshHint, look));
    due.push(...wanted.map((bundle) => ({ ...bundle, revision })));
    after = next;
  }
  // Each time another one is first, so that those at the end have their turn where the time does not suffice for all.
  const first = due.length === 0 ? 0 : Math.floor(look.at / look.every) % due.length;
  for (const seen of [...due.slice(first), ...due.slice(0, first)]) {
    if (room.attempts.deadline.aborted) return;
    tell(await refreshOne(room, seen, look));
  }
}

async function refreshOne(
  room: TrustRoom,
  seen: StoredBundle & { readonly revision: number },
  { traceId, fetch }: { readonly traceId: string; readonly fetch: Fetch },
): Promise<ScheduledRefresh> {
  const { trustDomain } = seen.row;
  try {
    const origin = { caller: SCHEDULE, idempotencyKey: undefined, traceId };
    const result = await refreshSeen(room, { ...origin, seen }, fetch);
    if (result.ok) return { trustDomain, outcome: result.answer.changed ? "changed" : "unchanged" };
    const { failure } = result;
    return { trustDomain, outcome: failure.code, ...("detail" in failure && { detail: failure.detail }) };
  } catch (error) {
    return { trustDomain, outcome: "exception", error };
  }
}
