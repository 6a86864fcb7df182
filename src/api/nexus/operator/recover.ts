import { recoverShares } from "../../../recovery/recover.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";

/**
 * `POST /v1/operator/recover`: the shares of the primary root key, for whoever keeps them (SPIKE,
 * app/nexus/internal/route/operator). Shares are lists of 32 numbers, as Go writes a byte array.
 */
export const recover = route({
  action: "operator.recover",
  access: { on: "role", role: "recover" },
  readShape: () => ({}),
  errorBody: (err) => ({ shards: null, err }),
  async run({ deps }) {
    const shares = await recoverShares(deps);
    if (shares === undefined) return refused("denied");
    const shards = Object.fromEntries(shares.map(({ id, value }) => [id, [...value]]));
    return { ok: true, body: JSON.stringify({ shards }) };
  },
});
