import { acknowledged, confirm, confirmNone } from "./confirm.ts";
import type { WorkerNumber } from "./edge.ts";
import { unmatchedWrites, type WatchedWrite, writesAfterRevocation } from "./history.ts";
import { readAudit } from "./read-audit.ts";
import { GRANTED_PATH, POLICY_NAME, type Step } from "./scene.ts";
import { until } from "./until.ts";

const CLIENTS: readonly WorkerNumber[] = [1, 2, 1, 2, 1, 2];
/** How many are acknowledged before the policy goes. */
const ENOUGH = 60;
/** How often each client tries after that. */
const LATE_TRIES = 5;

export const revocation: Step = {
  title: "The policy is revoked while the workload is writing through both workers",
  async run({ superuser, workload, ledger }) {
    const writes: WatchedWrite[] = [];
    let revoked = false;
    const write = async (worker: WorkerNumber, client: number): Promise<void> => {
      const late = revoked;
      const value = `client ${client}, write ${writes.length}`;
      const answer = await workload.put(worker, { path: GRANTED_PATH, value });
      writes.push({ late, answer });
    };
    const clients = CLIENTS.map(async (worker, client) => {
      while (!revoked) await write(worker, client);
      for (let tries = 0; tries < LATE_TRIES; tries += 1) await write(worker, client);
    });
    const revoke = async (): Promise<number> => {
      await until(() => writes.length >= ENOUGH);
      const answer = await superuser.deletePolicy(1, POLICY_NAME);
      revoked = true;
      return acknowledged("a policy can be deleted", answer).revision;
    };
    const [revision] = await Promise.all([revoke(), ...clients]);

    const resource = `secret:${GRANTED_PATH}`;
    const { entries } = await readAudit(superuser, 2, resource);
    const after = writesAfterRevocation({ revision, caller: workload.spiffeId }, writes, entries);
    confirmNone("a revoked policy ends all writes under it", after);
    const acknowledgedHere = ledger.writes.filter((write) => write.resource === resource);
    confirmNone("the audit has what was acknowledged, once", unmatchedWrites(acknowledgedHere, entries));
    const done = writes.filter(({ answer }) => answer.ok).length;
    const last = Math.max(...entries.map((entry) => entry.revision));
    const late = writes.filter((each) => each.late).length;
    confirm("clients wrote before the revocation and tried after it", {
      expected: [true, CLIENTS.length * LATE_TRIES],
      seen: [done >= ENOUGH, late],
    });
    return [
      `${CLIENTS.length} clients had ${done} writes acknowledged, the last of them at revision ${last}.`,
      `worker 1 deleted the policy, at revision ${revision}. Writes that were then sent: ${late}, all of them 401.`,
      `writes under it committed at revision ${revision} or later: ${after.length}`,
    ];
  },
};
