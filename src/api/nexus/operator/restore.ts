import { checkShare } from "../../../recovery/check-share.ts";
import { integer, integers } from "../../../json/member.ts";
import { badRequest, refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { recoveryDeps } from "../recovery-deps.ts";

const SHARE_BYTES = 32;

const SHARE_RULE = { rule: `must be ${SHARE_BYTES} numbers from 0 to 255, not all 0` } as const;

function isShare(shard: readonly number[]): boolean {
  return (
    shard.length === SHARE_BYTES && shard.every((byte) => byte >= 0 && byte <= 255) && shard.some((byte) => byte > 0)
  );
}

/**
 * `POST /v1/operator/restore`, in SPIKE's format: verifies one share. Shares are not collected, because nothing is kept from
 * one request to the next. `spike operator restore` combines them on the operator's machine.
 */
export const restore = operation({
  action: "operator.restore",
  access: { on: "role", role: "restore" },
  deps: (source) => ({ ...recoveryDeps(source), maxShares: source.service.shamir.maxShares }),
  members: {
    id: integer({ min: 1, required: true }),
    shard: integers({ required: true, rule: SHARE_RULE, isValid: isShare }),
  },
  errorBody: (err) => ({ collected: 0, remaining: 0, restored: false, err }),
  async run({ deps }, { id = 0, shard }) {
    if (id > deps.maxShares) {
      return badRequest({ member: "id", rule: `must be from 1 to ${deps.maxShares}`, limit: deps.maxShares });
    }
    const isRight = await checkShare(deps, { id, value: Uint8Array.from(shard) });
    if (isRight === undefined) return refused("denied");
    if (!isRight) return badRequest({ member: "shard", rule: "must be a share of the root key, under its number" });
    return { ok: true, body: JSON.stringify({ collected: 1, remaining: deps.split.threshold - 1, restored: false }) };
  },
});
