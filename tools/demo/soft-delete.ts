import { acknowledged, confirm } from "./confirm.ts";
import type { WorkerNumber } from "./edge.ts";
import { latestVersion } from "./latest-version.ts";
import { SHARED_PATH, type Step } from "./scene.ts";

export const softDelete: Step = {
  title: "A version is deleted through one worker and brought back through the other",
  async run({ superuser, ledger }) {
    const newest = latestVersion(ledger, SHARED_PATH);
    const read = async (worker: WorkerNumber, version: number): Promise<string> => {
      const answer = await superuser.get(worker, SHARED_PATH, version);
      return answer.ok ? answer.value : `${answer.status} ${answer.err}`;
    };
    const before = await read(2, newest);
    const previous = await read(2, newest - 1);

    const deleted = acknowledged("a version can be deleted", await superuser.delete(1, SHARED_PATH, newest));
    const current = await read(2, 0);
    confirm("the version before is the current one", {
      expected: [newest - 1, previous],
      seen: [deleted.version, current],
    });
    const gone = await read(2, newest);
    confirm("a deleted version is not read", { expected: "404 api_not_found", seen: gone });

    const restored = acknowledged("a version can be undeleted", await superuser.undelete(2, SHARED_PATH, newest));
    const back = await read(1, 0);
    confirm("the undeleted version is the current one", { expected: [newest, before], seen: [restored.version, back] });
    return [
      `worker 1 deleted version ${newest}.`,
      `worker 2 at once reads "${current}", which is version ${deleted.version}; version ${newest} is ${gone}.`,
      `worker 2 undeleted version ${newest}.`,
      `worker 1 at once reads "${back}".`,
    ];
  },
};
