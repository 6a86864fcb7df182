import { findUnmatchedWrites, findWritesAfterRevocation, type ObservedWrite } from "../check-history.ts";
import type { WorkerNumber } from "../cluster.ts";
import { confirm, confirmAcknowledged, confirmNoProblems } from "../confirm.ts";
import { readAudit } from "../read-audit.ts";
import { GRANTED_PATH, POLICY_NAME, type Step } from "../step.ts";
import { waitUntil } from "../wait-until.ts";

/** The worker of each writer. */
const WRITERS: readonly WorkerNumber[] = [1, 2, 1, 2, 1, 2];
const MIN_WRITES_BEFORE = 60;
const WRITES_AFTER_PER_WRITER = 5;

export const revocation: Step = {
  title: "The policy is deleted while the workload writes through both workers",
  async run({ superuser, workload, ledger }) {
    const writes: ObservedWrite[] = [];
    let isRevoked = false;
    const write = async (worker: WorkerNumber, writer: number): Promise<void> => {
      const isLate = isRevoked;
      const value = `writer ${writer}, write ${writes.length}`;
      const result = await workload.put(worker, { path: GRANTED_PATH, value });
      writes.push({ isLate, result });
    };
    const writers = WRITERS.map(async (worker, writer) => {
      while (!isRevoked) await write(worker, writer);
      for (let count = 0; count < WRITES_AFTER_PER_WRITER; count += 1) await write(worker, writer);
    });
    const revoke = async (): Promise<number> => {
      await waitUntil(() => writes.length >= MIN_WRITES_BEFORE);
      const result = await superuser.deletePolicy(1, POLICY_NAME);
      isRevoked = true;
      return confirmAcknowledged("a policy can be deleted", result).revision;
    };
    const [revision] = await Promise.all([revoke(), ...writers]);

    const resource = `secret:${GRANTED_PATH}`;
    const { entries } = await readAudit(superuser, 2, resource);
    const after = findWritesAfterRevocation({ revision, spiffeId: workload.spiffeId }, writes, entries);
    confirmNoProblems("no write succeeds after its policy is deleted", after);
    const acknowledged = ledger.writes.filter((write) => write.resource === resource);
    const unmatched = findUnmatchedWrites(acknowledged, entries);
    confirmNoProblems("the audit log contains every acknowledged write once", unmatched);
    const accepted = writes.filter(({ result }) => result.ok).length;
    const lastRevision = Math.max(...entries.map((entry) => entry.revision));
    const late = writes.filter(({ isLate }) => isLate).length;
    confirm("the workload wrote before and after the deletion", {
      expected: [true, WRITERS.length * WRITES_AFTER_PER_WRITER],
      actual: [accepted >= MIN_WRITES_BEFORE, late],
    });
    return [
      `${WRITERS.length} writers had ${accepted} writes acknowledged, the last one at revision ${lastRevision}.`,
      `worker 1 deleted the policy at revision ${revision}. All ${late} writes sent after that got status 401.`,
      `writes under the policy committed at revision ${revision} or later: ${after.length}`,
    ];
  },
};
