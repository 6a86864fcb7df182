import { bytesToHex } from "@noble/curves/utils.js";
import type { Bytes } from "../rows.ts";
import type { BundleChange, Change, PolicyChange, Rest, SecretChange } from "../store.ts";
import type { State } from "./state.ts";

const PINNED = ["storeId", "generation", "keyId", "schemaVersion"] as const;

/** Whether the state is still the one that the change was decided on: the conditions of the contract. */
export function mayCommit(state: State, change: Change, now: number): boolean {
  const { audit, secret, policy, bundle, tail, decidedOn, beyond } = change;
  const { revision } = state.store;
  if (beyond !== undefined && (revision !== audit.base || revision > beyond)) return false;
  if (change.authority !== undefined && state.store.epoch !== (change.damagedEpoch ?? audit.epoch)) return false;
  if (!PINNED.every((column) => state.store[column] === decidedOn[column])) return false;
  if (state.store.revision < audit.base) return false;
  if (change.pinsHistory === true && !hasHistory(state, change)) return false;
  if (now > change.notAfter) return false;
  if (!change.rests.every((rest) => versionOf(state, rest) === rest.version)) return false;
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

function hasHistory({ store, audit }: State, { audit: named }: Change): boolean {
  const base = audit.find(({ revision }) => revision === named.base);
  const tail = audit.findLast(({ resource }) => resource === named.resource);
  return (
    textOf(store.mac) === textOf(named.state) &&
    textOf(base?.mac) === textOf(named.anchor) &&
    textOf(tail?.mac) === textOf(named.prev)
  );
}

function textOf(mac: Bytes | null | undefined): string {
  return bytesToHex(mac ?? new Uint8Array());
}

function versionOf(state: State, { table, name }: Rest): number {
  const rows = { policies: state.policies, trust_bundles: state.bundles }[table];
  return rows.get(name)?.version ?? 0;
}

function fitsSecret(state: State, change: SecretChange, untouched: boolean): boolean {
  switch (change.kind) {
    case "create":
      return untouched && !state.secrets.has(change.head.path);
    case "update":
      return state.secrets.get(change.head.path)?.head.version === change.seen;
    case "remove":
      return untouched;
  }
}

function fitsRow(
  stored: { readonly version: number } | undefined,
  change: PolicyChange | BundleChange,
  untouched: boolean,
): boolean {
  if (change.kind === "create") return untouched && stored === undefined;
  return stored !== undefined && (change.seen === null || stored.version === change.seen);
}
