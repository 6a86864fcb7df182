import type { WorkerNumber } from "../cluster.ts";
import { confirm, confirmAcknowledged } from "../confirm.ts";
import { latestVersion } from "../ledger.ts";
import { SHARED_PATH, type Step } from "../step.ts";

export const softDelete: Step = {
  title: "A version is deleted through one worker and restored through the other",
  async run({ superuser, ledger }) {
    const newest = latestVersion(ledger, SHARED_PATH);
    const read = async (worker: WorkerNumber, version: number): Promise<string> => {
      const result = await superuser.get(worker, SHARED_PATH, version);
      return result.ok ? result.value : `${result.status} ${result.err}`;
    };
    const before = await read(2, newest);
    const previous = await read(2, newest - 1);

    const deletion = await superuser.delete(1, SHARED_PATH, newest);
    const deleted = confirmAcknowledged("a version can be deleted", deletion);
    const current = await read(2, 0);
    confirm("the previous version is the current one", {
      expected: [newest - 1, previous],
      actual: [deleted.version, current],
    });
    const readDeleted = await read(2, newest);
    confirm("a deleted version cannot be read", { expected: "404 api_not_found", actual: readDeleted });

    const undeletion = await superuser.undelete(2, SHARED_PATH, newest);
    const restored = confirmAcknowledged("a version can be undeleted", undeletion);
    const after = await read(1, 0);
    confirm("the undeleted version is the current one", {
      expected: [newest, before],
      actual: [restored.version, after],
    });
    return [
      `worker 1 deleted version ${newest}.`,
      `worker 2 immediately reads version ${deleted.version}, "${current}". Version ${newest} returns ${readDeleted}.`,
      `worker 2 undeleted version ${newest}.`,
      `worker 1 immediately reads "${after}".`,
    ];
  },
};
