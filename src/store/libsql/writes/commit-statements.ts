import type { Change } from "../../store.ts";
import type { Statement } from "../execute.ts";
import { bind } from "../query-builder.ts";
import { gate, isUntouched } from "./gate.ts";
import { bundleWrites, namedRowGate, namedRowStatement, policyWrites } from "./named-row-writes.ts";
import { secretGate, secretStatements } from "./secret-writes.ts";
import { authorityStatements, keyStatements, leapStatements, pruneStatements, storeWrites } from "./store-writes.ts";

export const gateBare = gate(isUntouched);

/**
 * The statements of one commit, in the order in which they run: the gate, the changes behind it, and the one that closes it. If the
 * gate does not open, the others change nothing.
 */
export function commitStatements(change: Change): readonly Statement[] {
  const { secret, policy, bundle, authority, heartbeat } = change;
  const ourWriteId = change.audit.writeId;
  return [
    gateOf(change),
    ...leapStatements(change, ourWriteId),
    ...keyStatements(change, ourWriteId),
    ...(secret === undefined ? [] : secretStatements(secret, ourWriteId)),
    ...(policy === undefined ? [] : [namedRowStatement(policyWrites, policy, ourWriteId)]),
    ...(bundle === undefined ? [] : [namedRowStatement(bundleWrites, bundle, ourWriteId)]),
    ...pruneStatements(change, ourWriteId),
    ...(authority === undefined ? [] : authorityStatements(authority, change.audit)),
    ...(heartbeat === undefined ? [] : [bind(storeWrites.beat, { ...heartbeat, id: 1, ourWriteId })]),
    bind(storeWrites.closeGate, { ourWriteId }),
  ];
}

function gateOf({ audit, secret, policy, bundle, tail, init, authority, damagedEpoch, ...pins }: Change): Statement {
  const { rests, notAfter, decidedOn, beyond = null, pinsHistory = false } = pins;
  const entry = {
    ...audit,
    tail,
    isInit: init !== undefined,
    pinsEpoch: authority !== undefined,
    pinsHistory,
    pinnedEpoch: damagedEpoch ?? audit.epoch,
    storeKeyId: decidedOn.keyId,
    storeId: decidedOn.storeId,
    generation: decidedOn.generation,
    schemaVersion: decidedOn.schemaVersion,
    notAfter,
    beyond,
    rests: JSON.stringify(rests),
  };
  if (secret !== undefined) return secretGate(secret, entry);
  if (policy !== undefined) return namedRowGate(policyWrites, policy, entry);
  if (bundle !== undefined) return namedRowGate(bundleWrites, bundle, entry);
  return bind(gateBare, entry);
}
