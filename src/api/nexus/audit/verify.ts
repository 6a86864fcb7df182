import type { AuditProblem } from "../../../audit/audit-problem.ts";
import { encodeBase64url } from "../../../encoding/base64.ts";
import { position } from "../../../json/member.ts";
import { formatCursor, parseCursor, type VerifyCursor } from "../../../repair/cursor.ts";
import { type StoreReport, verifyStoredData } from "../../../repair/verify-store.ts";
import { operation } from "../operation.ts";

/** Enough for all but the largest audits, and well below the timeouts of clients. */
const MAX_MS = 3000;

const POSITION_RULE = { rule: "must be a revision of at least 0, or the next of the previous part" } as const;

function parsePosition(value: number | string): VerifyCursor | undefined {
  if (typeof value === "string") return parseCursor(value);
  return value >= 0 ? value : undefined;
}

/**
 * `POST /v1/audit?action=verify`: verifies the stored audit and then all rows, in parts. Reports gaps, broken chains, entries and
 * rows that this service did not write, and rows that are missing.
 */
export const verify = operation({
  action: "audit.verify",
  access: { on: "nothing" },
  deps: ({ write, service }) => ({ ...write, maxMs: Math.min(MAX_MS, service.requestTimeoutMs / 2) }),
  members: { after: position(POSITION_RULE, parsePosition) },
  errorBody: (err) => ({ entries: 0, problems: null, err }),
  async run({ deps }, { after = 0 }) {
    const report = await verifyStoredData(deps, { from: after, maxMs: deps.maxMs });
    return { ok: true, body: JSON.stringify(wireReport(report)) };
  },
});

function wireReport({ audit, rows, damaged, next }: StoreReport): object {
  const problems = [
    ...(audit?.problems ?? []).map(wireProblem),
    ...(damaged === undefined ? [] : [damaged]),
    ...(rows?.problems ?? []),
  ];
  const missingKeys = [...(audit?.unverified ?? [])].map(([keyId, entries]) => ({ keyId, entries }));
  return {
    entries: audit?.entries ?? 0,
    rows: rows?.rows ?? 0,
    problems,
    // For an acknowledgement of exactly these problems.
    ...(audit !== undefined && audit.problems.length > 0 && { upTo: audit.upTo, digest: audit.digest }),
    ...(audit !== undefined && audit.acknowledged.length > 0 && { acknowledged: audit.acknowledged.map(wireProblem) }),
    ...(missingKeys.length > 0 && { unverified: missingKeys }),
    ...(rows !== undefined && rows.unreachable.length > 0 && { unreachable: rows.unreachable }),
    next: typeof next === "object" ? formatCursor(next) : next,
    revision: rows?.revision ?? audit?.revision,
    ...(audit !== undefined && { newest: audit.newest && encodeBase64url(audit.newest) }),
  };
}

/** `acknowledgeable` is true for a loss, and false for a contradiction between entries. */
function wireProblem({ revision, kind, detail, fault }: AuditProblem): object {
  return { revision, kind, detail, acknowledgeable: fault !== undefined };
}
