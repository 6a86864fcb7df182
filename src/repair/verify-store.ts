import { type AuditReport, verifyAudit } from "../audit/verify-audit.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { SealError } from "../seal/seal-error.ts";
import { FIRST_ROW, type VerifyCursor } from "./cursor.ts";
import type { RowProblem } from "./row-problem.ts";
import { type RowReport, verifyRows } from "./verify-rows.ts";

/** The result of a verification: of a part of the audit, of the rows, or of the end of one and the start of the other. */
export interface StoreReport {
  readonly audit: AuditReport | undefined;
  readonly rows: RowReport | undefined;
  /** Set if the store row itself does not verify. Then nothing else was verified. */
  readonly damaged: RowProblem | undefined;
  readonly next: VerifyCursor | undefined;
}

/** A request may make 40 database requests. Some pages are loaded again with fewer rows. */
const MAX_PAGES = 15;

/**
 * Verifies the audit after revision `from`, then all rows; or the rows after `from`. Stops after `maxMs`. `next` is where to
 * continue.
 *
 * @throws SealError if the ring does not fit the store
 */
export async function verifyStoredData(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts" | "access">,
  { from, maxMs }: { readonly from: VerifyCursor; readonly maxMs: number },
): Promise<StoreReport> {
  const started = deps.attempts.now();
  const pages = MAX_PAGES;
  try {
    if (typeof from !== "number") {
      const rows = await verifyRows(deps, { from, pages, maxMs });
      return { audit: undefined, rows, damaged: undefined, next: rows.next };
    }
    const audit = await verifyAudit(deps, { after: from, pages, maxMs });
    if (audit.next !== undefined) return { audit, rows: undefined, damaged: undefined, next: audit.next };
    const left = maxMs - (deps.attempts.now() - started);
    if (left <= 0) return { audit, rows: undefined, damaged: undefined, next: FIRST_ROW };
    const rows = await verifyRows(deps, { from: FIRST_ROW, pages, maxMs: left });
    return { audit, rows, damaged: undefined, next: rows.next };
  } catch (error) {
    // Only the check of the store row throws these: what is wrong with an entry or a row is in its report.
    if (!(error instanceof SealError) || !["not_authentic", "inconsistent"].includes(error.reason)) throw error;
    const damaged: RowProblem = { resource: "store", kind: error.reason, detail: error.detail };
    return { audit: undefined, rows: undefined, damaged, next: undefined };
  }
}
