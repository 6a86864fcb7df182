import { MAX_AHEAD_MS } from "../heartbeat-time.ts";
import type { HeartbeatRow, VersionRow } from "../rows.ts";
import type { BundleChange, Change, PolicyChange, SecretChange, VersionChanges } from "../store.ts";
import type { State } from "./state.ts";

/** Applies a change that won, under its revision. */
export function applyChange(state: State, change: Change, revision: number): void {
  state.audit = [...state.audit, { ...change.audit, revision }];
  if (change.init !== undefined) {
    const { keys, keyId, mac } = change.init;
    state.keys = [...state.keys, ...keys];
    state.store = { ...state.store, keyId, mac };
  }
  if (change.register !== undefined) state.keys = [...state.keys, ...change.register];
  if (change.secret !== undefined) applySecret(state, change.secret, revision);
  if (change.policy !== undefined) applyPolicy(state, change.policy, revision);
  if (change.bundle !== undefined) applyBundle(state, change.bundle, revision);
  if (change.heartbeat !== undefined)
    state.heartbeat = newerHeartbeat(state.heartbeat, { ...change.heartbeat, revision });
  if (change.prune !== undefined) prune(state, change.prune);
  if (change.authority !== undefined) {
    const { nodes, ...columns } = change.authority;
    for (const { id, content } of nodes) state.nodes.set(id, content);
    state.store = { ...state.store, ...columns, epoch: change.audit.epoch + 1 };
  }
  state.store = { ...state.store, revision };
}

/** A heartbeat from the future is replaced: its author's clock was wrong. */
function newerHeartbeat(stored: HeartbeatRow | undefined, given: HeartbeatRow): HeartbeatRow {
  return stored !== undefined && stored.at >= given.at && stored.at <= given.at + MAX_AHEAD_MS ? stored : given;
}

function applySecret(state: State, change: SecretChange, revision: number): void {
  if (change.kind === "remove") {
    state.secrets.delete(change.path);
    return;
  }
  const { head } = change;
  const versions = state.secrets.get(head.path)?.versions ?? [];
  state.secrets.set(head.path, {
    head: { ...head, version: revision },
    versions: applyVersions(versions, change.versions),
  });
}

function applyVersions(versions: readonly VersionRow[], changes: VersionChanges): readonly VersionRow[] {
  const { insert, pruneBelow = 0, softDelete, restore } = changes;
  const kept = versions.filter((version) => version.number >= pruneBelow);
  return [...kept, ...(insert === undefined ? [] : [insert])].map((version) => {
    if (softDelete?.numbers.includes(version.number)) return { ...version, deletedAt: softDelete.at };
    if (restore?.numbers.includes(version.number)) return { ...version, deletedAt: null };
    return version;
  });
}

function applyPolicy(state: State, change: PolicyChange, revision: number): void {
  if (change.kind === "remove") state.policies.delete(change.name);
  else state.policies.set(change.row.name, { ...change.row, version: revision });
}

function applyBundle(state: State, change: BundleChange, revision: number): void {
  if (change.kind === "remove") state.bundles.delete(change.trustDomain);
  else state.bundles.set(change.row.trustDomain, { ...change.row, version: revision });
}

function prune(state: State, { above, floor }: NonNullable<Change["prune"]>): void {
  const inReach = (revision: number): boolean => revision > above && revision <= floor;
  const newest = new Map(state.audit.map((entry) => [entry.resource, entry.revision]));
  const newestInReach = new Map(
    state.audit.filter(({ revision }) => inReach(revision)).map((entry) => [entry.resource, entry.revision]),
  );
  state.audit = state.audit.filter(({ revision, resource }) => {
    const replaced = inReach(revision) && revision < (newest.get(resource) ?? 0);
    return !replaced && revision >= (newestInReach.get(resource) ?? 0);
  });
}
