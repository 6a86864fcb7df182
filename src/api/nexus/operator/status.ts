import { encodeBase64url } from "../../../encoding/base64.ts";
import { type KeyStatus, keyStatus } from "../../../rotation/key-status.ts";
import { operation } from "../operation.ts";
import { wireTime } from "../wire-time.ts";
import { rotationDeps } from "./rotation-deps.ts";

/** `POST /v1/operator/status`: the id of the store, the keys of the ring and of the store, and how many rows depend on each. */
export const status = operation({
  action: "operator.status",
  access: { on: "nothing" },
  deps: rotationDeps,
  members: {},
  errorBody: (err) => ({ keys: null, err }),
  async run({ deps }) {
    const result = await keyStatus(deps);
    if (!result.ok) return result;
    const { storeId, primary, first, keys, revision } = result.answer;
    return { ok: true, body: JSON.stringify({ storeId, primary, first, keys: keys.map(wireKey), revision }) };
  },
});

function wireKey({ keyId, inRing, checkValue, createdAt, entries, ...rows }: KeyStatus): object {
  const { secrets, policies, bundles, store } = rows;
  return {
    keyId,
    inRing,
    registered: checkValue !== null,
    checkValue: checkValue && encodeBase64url(checkValue),
    createdAt: createdAt === null ? null : wireTime(createdAt),
    rows: { secrets, policies, bundles, store },
    auditEntries: entries,
  };
}
