import { checkShare } from "../../../recovery/check-share.ts";
import { integerField, integersField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";

const SHARE_BYTES = 32;

/**
 * `POST /v1/operator/restore`, with SPIKE's shape: tells whether one share is right. Nothing is collected, because nothing is
 * kept from one request to the next: the command `spike operator restore` puts the key together where the operator is.
 */
export const restore = route({
  action: "operator.restore",
  access: { on: "role", role: "restore" },
  readShape(body: JsonObject) {
    const id = integerField(body, "id");
    const shard = integersField(body, "shard");
    return id.ok && shard.ok ? { id: id.value ?? 0, shard: shard.value } : undefined;
  },
  errorBody: (err) => ({ collected: 0, remaining: 0, restored: false, err }),
  async run({ deps, maxShares }, { id, shard }) {
    const isShare = shard.length === SHARE_BYTES && shard.every((byte) => byte >= 0 && byte <= 255);
    if (id < 1 || id > maxShares || !isShare || shard.every((byte) => byte === 0)) return refused("bad_request");
    const right = await checkShare(deps, { id, value: Uint8Array.from(shard) });
    if (right === undefined) return refused("denied");
    if (!right) return refused("bad_request");
    return { ok: true, body: JSON.stringify({ collected: 1, remaining: deps.split.threshold - 1, restored: false }) };
  },
});
