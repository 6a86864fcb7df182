import { type RecoverDeps, recoverShares } from "../../../recovery/recover.ts";
import { refused } from "../failure.ts";
import { type DepsSource, operation } from "../operation.ts";
import { recoveryDeps } from "../recovery-deps.ts";

/**
 * `POST /v1/operator/recover`: the shares of the primary root key (SPIKE, app/nexus/internal/route/operator). A share is a list of
 * 32 numbers, as Go writes a byte array. The stored audit has an entry for each response with shares.
 */
export const recover = operation({
  action: "operator.recover",
  access: { on: "role", role: "recover" },
  deps: recoverDeps,
  members: {},
  errorBody: (err) => ({ shards: null, err }),
  async run({ deps, origin: { caller, traceId } }) {
    const shares = await recoverShares(deps, { caller, traceId });
    if (shares === undefined) return refused("denied");
    const shards = Object.fromEntries(shares.map(({ id, value }) => [id, [...value]]));
    return { ok: true, body: JSON.stringify({ shards }) };
  },
});

function recoverDeps(source: DepsSource): RecoverDeps {
  const { write, service, requestId } = source;
  return {
    ...recoveryDeps(source),
    ...write,
    isAuditStored: service.backend !== "lite",
    reportRecovery: (keyId) =>
      service.platform.log({
        level: "warn",
        event: "shares_returned",
        requestId,
        detail: `all shares of key "${keyId}"; the audit line has the caller`,
      }),
  };
}
