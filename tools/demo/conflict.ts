import { confirm } from "./confirm.ts";
import { WORKERS } from "./edge.ts";
import { latestVersion } from "./latest-version.ts";
import { SHARED_PATH, type Step } from "./scene.ts";

export const conflict: Step = {
  title: "Both write on condition that nobody has written since",
  async run({ superuser, ledger }) {
    const cas = latestVersion(ledger, SHARED_PATH);
    const answers = await Promise.all(
      WORKERS.map(async (worker) => {
        const value = `on top of version ${cas}, worker ${worker}`;
        return { worker, value, answer: await superuser.put(worker, { path: SHARED_PATH, value, cas }) };
      }),
    );
    const outcomes = answers.map(({ answer }) =>
      answer.ok ? `200 version ${answer.version}` : `${answer.status} ${answer.err}`,
    );
    const expected = [`200 version ${cas + 1}`, "409 version_conflict"];
    confirm("one of two writes with the same cas wins", { expected, seen: outcomes.toSorted() });
    const won = answers.find(({ answer }) => answer.ok)?.value;
    const seen = await Promise.all(WORKERS.map(async (worker) => await superuser.get(worker, SHARED_PATH)));
    const winner = { ok: true, value: won };
    confirm("both workers read the winner's value", { expected: [winner, winner], seen });
    return [
      ...answers.map(({ worker }, index) => `worker ${worker}: "cas": ${cas}  →  ${outcomes[index]}`),
      `Both now read "${won}".`,
    ];
  },
};
