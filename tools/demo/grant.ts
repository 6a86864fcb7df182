import { acknowledged, confirm } from "./confirm.ts";
import { GRANTED_PATH, POLICY_NAME, type Step } from "./scene.ts";

const NEIGHBOUR = "billing/api";

export const grant: Step = {
  title: `A policy lets a workload read, write and list "${GRANTED_PATH}", and nothing beside it`,
  async run({ superuser, workload }) {
    for (const path of [GRANTED_PATH, NEIGHBOUR]) {
      const answer = await superuser.put(1, { path, value: "set by the superuser" });
      acknowledged(`the superuser may write "${path}"`, answer);
    }
    const read = async (path: string): Promise<number> => {
      const answer = await workload.get(2, path);
      return answer.ok ? 200 : answer.status;
    };
    const write = async (path: string): Promise<number> => {
      const answer = await workload.put(2, { path, value: "set by the workload" });
      return answer.ok ? 200 : answer.status;
    };
    const before = [await read(GRANTED_PATH), await write(GRANTED_PATH)];
    confirm("a workload without a policy is refused", { expected: [401, 401], seen: before });

    const policy = {
      name: POLICY_NAME,
      spiffeidPattern: `^${workload.spiffeId.replaceAll(".", String.raw`\.`)}$`,
      pathPattern: `^${GRANTED_PATH}$`,
      permissions: ["read", "write", "list"],
    };
    const { revision } = acknowledged("a policy can be made", await superuser.putPolicy(1, policy));
    const granted = [await read(GRANTED_PATH), await write(GRANTED_PATH)];
    confirm("the policy grants its path", { expected: [200, 200], seen: granted });
    const beside = [await read(NEIGHBOUR), await write(NEIGHBOUR)];
    confirm("the policy does not grant the path beside it", { expected: [401, 401], seen: beside });
    const keys = await workload.list(2);
    confirm("the workload lists what it may list", { expected: [GRANTED_PATH], seen: keys });
    const all = await superuser.list(2);
    confirm("both secrets are there", { expected: true, seen: all.includes(GRANTED_PATH) && all.includes(NEIGHBOUR) });
    const told = ([read, write]: readonly number[]): string => `read ${read}, write ${write}`;
    return [
      `${workload.spiffeId} without a policy: ${told(before)}`,
      `worker 1 made the policy, at revision ${revision} of the store. To the workload, worker 2 at once says:`,
      `"${GRANTED_PATH}": ${told(granted)}; "${NEIGHBOUR}": ${told(beside)}; list: ${keys.join(" ")}`,
      `(To the superuser, it lists ${all.join(" ")}.)`,
    ];
  },
};
