import { checkShare } from "../../../recovery/check-share.ts";
import { integerField, integersField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { recoveryDeps } from "../recovery-deps.ts";

const SHARE_BYTES = 32;

/**
 * `POST /v1/operator/restore`, in SPIKE's format: verifies one share. Shares are not collected, because nothing is kept from
 * one request to the next. `spike operator restore` combines them on the operator's machine.
 */
export const restore = operation({
  action: "operator.restore",
  access: { on: "role", role: "restore" },
  deps: (source) => ({ ...recoveryDeps(source), maxShares: source.service.shamir.maxShares }),
  parse(body: JsonObject) {
    const id = integerField(body, "id");
    const shard = integersField(body, "shard");
    return id.ok && shard.ok ? { id: id.value ?? 0, shard: shard.value } : undefined;
  },
  errorBody: (err) => ({ collected: 0, remaining: 0, restored: false, err }),
  async run({ deps }, { id, shard }) {
    const isShare = shard.length === SHARE_BYTES && shard.every((byte) => byte >= 0 && byte <= 255);
    if (id < 1 || id > deps.maxShares || !isShare || shard.every((byte) => byte === 0)) return refused("bad_request");
    const isRight = await checkShare(deps, { id, value: Uint8Array.from(shard) });
    if (isRight === undefined) return refused("denied");
    if (!isRight) return refused("bad_request");
    return { ok: true, body: JSON.stringify({ collected: 1, remaining: deps.split.threshold - 1, restored: false }) };
  },
});
