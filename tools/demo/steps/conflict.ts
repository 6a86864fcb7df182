import { WORKERS } from "../cluster.ts";
import { confirm } from "../confirm.ts";
import { latestVersion } from "../ledger.ts";
import { SHARED_PATH, type Step } from "../step.ts";

export const conflict: Step = {
  title: "Both workers write on the condition that the version has not changed (compare-and-swap)",
  async run({ superuser, ledger }) {
    const cas = latestVersion(ledger, SHARED_PATH);
    const writes = await Promise.all(
      WORKERS.map(async (worker) => {
        const value = `based on version ${cas}, worker ${worker}`;
        return { worker, value, result: await superuser.put(worker, { path: SHARED_PATH, value, cas }) };
      }),
    );
    const outcomes = writes.map(({ result }) =>
      result.ok ? `200 version ${result.version}` : `${result.status} ${result.err}`,
    );
    const expected = [`200 version ${cas + 1}`, "409 version_conflict"];
    confirm("one of two writes with the same cas wins", { expected, actual: outcomes.toSorted() });
    const winner = writes.find(({ result }) => result.ok)?.value;
    const reads = await Promise.all(WORKERS.map(async (worker) => await superuser.get(worker, SHARED_PATH)));
    const read = { ok: true, value: winner };
    confirm("both workers read the winner's value", { expected: [read, read], actual: reads });
    return [
      ...writes.map(({ worker }, index) => `worker ${worker}: "cas": ${cas}  →  ${outcomes[index]}`),
      `Both workers now read "${winner}".`,
    ];
  },
};
