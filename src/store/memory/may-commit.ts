import type { Change, PolicyChange, SecretChange } from "../store.ts";
import type { State } from "./state.ts";

/** Whether everything is still as the change was decided on: the conditions of the contract. */
export function mayCommit(state: State, change: Change): boolean {
  const { audit, secret, policy, tail } = change;
  if (state.store.epoch !== audit.epoch) return false;
  if (change.init !== undefined && state.store.revision !== 0) return false;
  if (state.audit.some((entry) => entry.writeId === audit.writeId)) return false;
  const untouched = !state.audit.some((entry) => entry.resource === audit.resource && entry.revision > tail);
  if (secret !== undefined) return fitsSecret(state, secret, untouched);
  if (policy !== undefined) return fitsPolicy(state, policy, untouched);
  return untouched;
}

function fitsSecret(state: State, change: SecretChange, untouched: boolean): boolean {
  switch (change.kind) {
    case "create":
      return untouched && !state.secrets.has(change.head.path);
    case "update":
      return state.secrets.get(change.head.path)?.head.version === change.seen;
    case "remove":
      return state.secrets.get(change.path)?.head.version === change.seen;
  }
}

function fitsPolicy(state: State, change: PolicyChange, untouched: boolean): boolean {
  switch (change.kind) {
    case "create":
      return untouched && !state.policies.has(change.row.name);
    case "update":
      return state.policies.get(change.row.name)?.version === change.seen;
    case "remove":
      return state.policies.get(change.name)?.version === change.seen;
  }
}
