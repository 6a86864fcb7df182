import { isRecord } from "../json/is-record.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { Page } from "../store/store.ts";
import { type AuditProblem, faultOf } from "./audit-problem.ts";
import { checkEntry } from "./check-entry.ts";

/** Starts the resource of each acknowledgement. Each is a resource of its own, so pruning never deletes it. */
const KIND = "acknowledgement:";

export function acknowledgementResource(number: number): string {
  return `${KIND}${number}`;
}

/** What the audit records about an acknowledgement. */
export interface AcknowledgementOutcome {
  /** 1 for the first one of the store. */
  readonly number: number;
  /** The range of revisions, and the digest of the problems, that the superuser was shown. */
  readonly after: number;
  readonly upTo: number;
  readonly digest: string;
  /** The faults that are acknowledged: see {@link AuditProblem.fault}. */
  readonly faults: readonly string[];
}

export function parseAcknowledgement(outcome: unknown): AcknowledgementOutcome | undefined {
  if (!isRecord(outcome)) return undefined;
  const { number, after, upTo, digest, faults } = outcome;
  if (typeof number !== "number" || typeof after !== "number" || typeof upTo !== "number") return undefined;
  if (typeof digest !== "string" || !Array.isArray(faults)) return undefined;
  return { number, after, upTo, digest, faults: faults.map(String) };
}

/** The acknowledgements of a store. */
export interface Acknowledged {
  readonly faults: ReadonlySet<string>;
  /** Acknowledgements that the store row counts but that are missing or do not verify. What they covered counts again. */
  readonly problems: readonly AuditProblem[];
}

/**
 * Reads the acknowledgements. The store row's MAC covers their number, so the database can neither add nor hide one. An entry
 * that does not verify acknowledges nothing.
 *
 * @param store the verified store row
 */
export async function readAcknowledged(
  ring: KeyRing,
  store: StoreRow,
  { rows }: Page<AuditRow>,
): Promise<Acknowledged> {
  const faults = new Set<string>();
  const problems: AuditProblem[] = [];
  for (let number = 1; number <= store.acknowledged; number += 1) {
    const resource = acknowledgementResource(number);
    const entry = rows.find((row) => row.resource === resource);
    const isAuthentic = entry !== undefined && (await checkEntry(ring, store, entry)).status === "authentic";
    const outcome = isAuthentic ? parseAcknowledgement(JSON.parse(entry.outcome)) : undefined;
    if (outcome !== undefined) {
      for (const fault of outcome.faults) faults.add(fault);
      continue;
    }
    const detail = `acknowledgement ${number} is missing or does not verify`;
    const fault = await faultOf("missing_acknowledgement", [number]);
    problems.push({ revision: 0, kind: "missing_acknowledgement", detail, fault });
  }
  return { faults, problems };
}

/** Separates the problems that were acknowledged from those that were not. */
export function splitAcknowledged(
  problems: readonly AuditProblem[],
  faults: ReadonlySet<string>,
): { readonly open: readonly AuditProblem[]; readonly acknowledged: readonly AuditProblem[] } {
  const isAcknowledged = ({ fault }: AuditProblem): boolean => fault !== undefined && faults.has(fault);
  return {
    open: problems.filter((problem) => !isAcknowledged(problem)),
    acknowledged: problems.filter(isAcknowledged),
  };
}
