import { auditedWrite, type WriteFailure, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyStoreRow } from "../commit/store-row.ts";
import { load } from "../store/load.ts";
import type { Outcome } from "../store/transact.ts";
import { type AcknowledgementOutcome, acknowledgementResource, parseAcknowledgement } from "./acknowledged.ts";
import { verifyAudit } from "./verify-audit.ts";

export interface Acknowledgement {
  /** Number of faults that this acknowledgement covers. */
  readonly acknowledged: number;
  /** Number of problems of the list that cannot be acknowledged. They stay problems. */
  readonly left: number;
  /** Revision of the commit, or of the store if there was nothing to acknowledge. */
  readonly revision: number;
}

export type AcknowledgeFailure =
  | WriteFailure
  /** The list of problems is not the one that was shown. */
  | { readonly code: "list_changed" };

/**
 * Records that the superuser knows about audit entries that are missing or do not verify, so that pruning can go on. Works also
 * while the newest entry is missing, and ends the refusal of all requests that follows from that.
 *
 * Covers exactly the faults of the list that was shown: those in the entries after revision `after` up to `upTo` whose digest is
 * `digest`. Changes no row and makes no row valid. Contradictions between entries, such as two that claim one epoch, cannot be
 * acknowledged.
 *
 * The commit is an entry with a resource of its own, which is never pruned, and a number under the store row's MAC.
 *
 * @throws SealError, StoreUnavailable
 */
export async function acknowledgeFaults(
  deps: WriteDeps,
  request: WriteOrigin & { readonly after: number; readonly upTo: number; readonly digest: string },
): Promise<Outcome<Acknowledgement, AcknowledgeFailure>> {
  const { after, upTo, digest } = request;
  const snapshot = await load(deps.store, {}, deps.attempts);
  await verifyStoreRow(deps.ring, snapshot);
  const number = snapshot.store.acknowledged + 1;
  const resource = acknowledgementResource(number);
  const write = {
    ...request,
    action: "acknowledge",
    resource,
    request: { label: "request", fields: ["audit.acknowledge", after, upTo, digest] },
  };
  type Refusal = { readonly code: "list_changed" } | { readonly code: "nothing"; readonly left: number };
  const result = await auditedWrite<object, AcknowledgementOutcome & { readonly left: number }, Refusal>(deps, write, {
    query: { chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome,
    async repairStore(loaded) {
      await verifyStoreRow(deps.ring, loaded);
      return loaded.store;
    },
    async decide({ store }) {
      const report = await verifyAudit(deps, { after, upTo, pages: MAX_PAGES, maxMs: Infinity });
      // Another acknowledgement was committed meanwhile, or the range or its problems are not those that were shown.
      if (store.acknowledged + 1 !== number || report.upTo !== upTo || report.digest !== digest) {
        return { ok: false, failure: { code: "list_changed" } };
      }
      const faults = [...new Set(report.problems.map(({ fault }) => fault).filter((fault) => fault !== undefined))];
      const left = report.problems.filter(({ fault }) => fault === undefined).length;
      if (faults.length === 0) return { ok: false, failure: { code: "nothing", left } };
      const outcome = { number, after, upTo, digest, faults, left };
      return { ok: true, change: {}, authority: { acknowledged: number }, outcome };
    },
  });
  if (result.ok) {
    const { faults, left, revision } = result.answer;
    return { ok: true, answer: { acknowledged: faults.length, left, revision } };
  }
  const { failure } = result;
  return failure.code === "nothing"
    ? { ok: true, answer: { acknowledged: 0, left: failure.left, revision: snapshot.store.revision } }
    : { ok: false, failure };
}

/** As many loads as one request may make besides its own. */
const MAX_PAGES = 30;

function parseOutcome(outcome: unknown): (AcknowledgementOutcome & { readonly left: number }) | undefined {
  const parsed = parseAcknowledgement(outcome);
  const left = typeof outcome === "object" && outcome !== null && "left" in outcome ? outcome.left : undefined;
  return parsed && typeof left === "number" ? { ...parsed, left } : undefined;
}
