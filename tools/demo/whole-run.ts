import { confirm, confirmNone } from "./confirm.ts";
import { unevenness, unmatchedWrites } from "./history.ts";
import { readAudit, verifyAudit } from "./read-audit.ts";
import type { Step } from "./scene.ts";

/** What the rotation of the root key leaves in the audit. */
const ROTATION: readonly string[] = ["register", "rewrap"];

export const wholeRun: Step = {
  title: "The audit of the whole run",
  async run({ superuser, ledger }) {
    const { entries, revision } = await readAudit(superuser, 1);
    const { checked, problems } = await verifyAudit(superuser, 2);
    confirmNone("the service finds its own audit in order", problems);
    confirm("the service has checked every entry", { expected: entries.length, seen: checked });
    const written = entries.filter(({ action }) => !ROTATION.includes(action));
    const revisions = entries.map((entry) => entry.revision);
    confirmNone("revisions are dense", unevenness(revisions, revision));
    confirmNone("every acknowledged write is in the audit exactly once", unmatchedWrites(ledger.writes, written));
    const acknowledged = new Set(ledger.writes.map(({ key }) => key)).size;
    return [
      `worker 2 verified ${checked} entries; problems: ${problems.length}.`,
      `Revisions are 1 to ${revision}, none missing, none twice.`,
      `acknowledged writes: ${acknowledged}; of them exactly once in the audit: ${written.length}; entries of the rotation: ${entries.length - written.length}`,
    ];
  },
};
