import { confirm, confirmAcknowledged } from "../confirm.ts";
import { GRANTED_PATH, POLICY_NAME, type Step } from "../step.ts";

const OTHER_PATH = "billing/api";

export const policyGrant: Step = {
  title: `A policy lets a workload read, write and list "${GRANTED_PATH}", but not "${OTHER_PATH}"`,
  async run({ superuser, workload }) {
    for (const path of [GRANTED_PATH, OTHER_PATH]) {
      const result = await superuser.put(1, { path, value: "set by the superuser" });
      confirmAcknowledged(`the superuser may write "${path}"`, result);
    }
    const readAndWrite = async (path: string): Promise<readonly number[]> => {
      const read = await workload.get(2, path);
      const write = await workload.put(2, { path, value: "set by the workload" });
      return [read, write].map((result) => (result.ok ? 200 : result.status));
    };
    const before = await readAndWrite(GRANTED_PATH);
    confirm("a workload without a policy is rejected", { expected: [401, 401], actual: before });

    const policy = {
      name: POLICY_NAME,
      spiffeidPattern: `^${workload.spiffeId.replaceAll(".", String.raw`\.`)}$`,
      pathPattern: `^${GRANTED_PATH}$`,
      permissions: ["read", "write", "list"],
    };
    const { revision } = confirmAcknowledged("a policy can be created", await superuser.putPolicy(1, policy));
    const granted = await readAndWrite(GRANTED_PATH);
    confirm("the policy grants its path", { expected: [200, 200], actual: granted });
    const other = await readAndWrite(OTHER_PATH);
    confirm("the policy grants no other path", { expected: [401, 401], actual: other });
    const listed = await workload.list(2);
    confirm("the workload lists the granted path only", { expected: [GRANTED_PATH], actual: listed });
    const all = await superuser.list(2);
    confirm("both secrets exist", { expected: true, actual: all.includes(GRANTED_PATH) && all.includes(OTHER_PATH) });
    const format = ([read, write]: readonly number[]): string => `read ${read}, write ${write}`;
    return [
      `Without a policy, ${workload.spiffeId} gets: ${format(before)}`,
      `worker 1 created the policy at revision ${revision} of the store. From worker 2 the workload immediately gets:`,
      `"${GRANTED_PATH}": ${format(granted)}; "${OTHER_PATH}": ${format(other)}; list: ${listed.join(" ")}`,
      `(The superuser's list: ${all.join(" ")})`,
    ];
  },
};
