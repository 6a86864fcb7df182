import type { BundleChange, Change, PolicyChange, SecretChange } from "../store.ts";
import type { State } from "./state.ts";

/** Whether the state is still the one that the change was decided on: the conditions of the contract. */
export function mayCommit(state: State, change: Change): boolean {
  const { audit, secret, policy, bundle, tail } = change;
  if (state.store.epoch !== audit.epoch) return false;
  if (change.init !== undefined && state.store.revision !== 0) return false;
  if (state.audit.some((entry) => entry.writeId === audit.writeId)) return false;
  const untouched = !state.audit.some((entry) => entry.resource === audit.resource && entry.revision > tail);
  if (secret !== undefined) return fitsSecret(state, secret, untouched);
  if (policy !== undefined) {
    const stored = state.policies.get(policy.kind === "remove" ? policy.name : policy.row.name);
    return fitsRow(stored, policy, untouched);
  }
  if (bundle !== undefined) {
    const stored = state.bundles.get(bundle.kind === "remove" ? bundle.trustDomain : bundle.row.trustDomain);
    return fitsRow(stored, bundle, untouched);
  }
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

function fitsRow(
  stored: { readonly version: number } | undefined,
  change: PolicyChange | BundleChange,
  untouched: boolean,
): boolean {
  return change.kind === "create" ? untouched && stored === undefined : stored?.version === change.seen;
}
