import { recoverShares } from "../../../recovery/recover.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { recoveryDeps } from "../recovery-deps.ts";

/**
 * `POST /v1/operator/recover`: the shares of the primary root key (SPIKE, app/nexus/internal/route/operator). A share is a list of
 * 32 numbers, as Go writes a byte array.
 */
export const recover = operation({
  action: "operator.recover",
  access: { on: "role", role: "recover" },
  deps: recoveryDeps,
  members: {},
  errorBody: (err) => ({ shards: null, err }),
  async run({ deps }) {
    const shares = await recoverShares(deps);
    if (shares === undefined) return refused("denied");
    const shards = Object.fromEntries(shares.map(({ id, value }) => [id, [...value]]));
    return { ok: true, body: JSON.stringify({ shards }) };
  },
});
