import type { AuditProblem } from "../../src/audit/audit-problem.ts";

/** Problems of the audit as `REVISION KIND: DETAIL`, with a `!` if one cannot be acknowledged. */
export function problemLines(problems: readonly AuditProblem[]): readonly string[] {
  return problems.map(
    ({ revision, kind, detail, fault }) => `${revision} ${kind}${fault === undefined ? "!" : ""}: ${detail}`,
  );
}
