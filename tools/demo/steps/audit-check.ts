import { findSequenceErrors, findUnmatchedWrites } from "../check-history.ts";
import { confirm, confirmNoProblems } from "../confirm.ts";
import { readAudit, verifyAudit } from "../read-audit.ts";
import type { Step } from "../step.ts";

/** Actions of the key rotation, which the ledger does not record. */
const ROTATION_ACTIONS: readonly string[] = ["register", "rewrap"];

export const auditCheck: Step = {
  title: "The audit log of the whole run is verified",
  async run({ superuser, ledger }) {
    const { entries, revision } = await readAudit(superuser, 1);
    const { checked, problems } = await verifyAudit(superuser, 2);
    confirmNoProblems("the service verifies its own audit log", problems);
    confirm("the service checked every entry", { expected: entries.length, actual: checked });
    const writes = entries.filter(({ action }) => !ROTATION_ACTIONS.includes(action));
    const revisions = entries.map((entry) => entry.revision);
    confirmNoProblems("revisions have no gaps", findSequenceErrors(revisions, revision));
    const unmatched = findUnmatchedWrites(ledger.writes, writes);
    confirmNoProblems("the audit log contains every acknowledged write exactly once", unmatched);
    const acknowledged = new Set(ledger.writes.map(({ key }) => key)).size;
    confirm("the earlier steps wrote something", { expected: true, actual: acknowledged > 0 });
    return [
      `worker 2 verified ${checked} audit entries; problems: ${problems.length}.`,
      `They have the revisions 1 to ${revision}, without gaps or duplicates.`,
      `${acknowledged} writes were acknowledged, and ${writes.length} entries record them, each exactly once. ` +
        `The other ${entries.length - writes.length} entries record the key rotation.`,
    ];
  },
};
