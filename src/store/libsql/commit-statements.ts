import type { BundleChange, Change, PolicyChange, SecretChange, VersionChanges } from "../store.ts";
import { bind, type Bound, type Values } from "./statement.ts";
import { writes } from "./write-statements.ts";

/** The statements of one commit: the gate, the changes behind it, and the one that closes it. */
export function commitStatements(change: Change): Bound[] {
  const w = change.audit.writeId;
  return [
    gate(change),
    ...(change.init?.keys ?? []).map((key) => bind(writes.insertKey, { ...key, w })),
    ...(change.init === undefined ? [] : [bind(writes.signStore, { ...change.init, keys: null, w })]),
    ...(change.register ?? []).map((key) => bind(writes.insertKey, { ...key, w })),
    ...(change.secret === undefined ? [] : secretStatements(change.secret, w)),
    ...(change.policy === undefined ? [] : [rowStatement(writes.policy, change.policy, w)]),
    ...(change.bundle === undefined ? [] : [rowStatement(writes.bundle, change.bundle, w)]),
    ...pruneStatements(change, w),
    ...(change.authority === undefined ? [] : [bind(writes.raiseEpoch, { ...change.authority, w })]),
    bind(writes.close, { w }),
  ];
}

function gate(change: Change): Bound {
  const { audit, secret, policy, bundle, tail } = change;
  const values = { ...audit, w: audit.writeId, tail, init: change.init !== undefined };
  if (policy !== undefined) return rowGate(writes.policy, policy, values);
  if (bundle !== undefined) return rowGate(writes.bundle, bundle, values);
  switch (secret?.kind) {
    case undefined:
      return bind(writes.gateBare, values);
    case "create":
      return bind(writes.gateCreate, { ...values, path: secret.head.path });
    case "update":
      return bind(writes.gateUpdate, { ...values, path: secret.head.path, seen: secret.seen });
    case "remove":
      return bind(writes.gateUpdate, { ...values, path: secret.path, seen: secret.seen });
  }
}

type RowWrites = typeof writes.policy;

function rowGate(table: RowWrites, change: PolicyChange | BundleChange, values: Values): Bound {
  switch (change.kind) {
    case "create":
      return bind(table.gateCreate, { ...change.row, ...values });
    case "update":
      return bind(table.gateUpdate, { ...change.row, ...values, seen: change.seen });
    case "remove":
      return bind(table.gateUpdate, { ...nameOf(change), ...values, seen: change.seen });
  }
}

function rowStatement(table: RowWrites, change: PolicyChange | BundleChange, w: string): Bound {
  switch (change.kind) {
    case "create":
      return bind(table.insert, { ...change.row, w });
    case "update":
      return bind(table.update, { ...change.row, seen: change.seen, w });
    case "remove":
      return bind(table.remove, { ...nameOf(change), seen: change.seen, w });
  }
}

/** The place of the primary key. */
function nameOf(change: Extract<PolicyChange | BundleChange, { readonly kind: "remove" }>): Values {
  return "name" in change ? { name: change.name } : { trustDomain: change.trustDomain };
}

function pruneStatements({ prune }: Change, w: string): Bound[] {
  if (prune === undefined) return [];
  return [bind(writes.raiseFloor, { ...prune, w }), bind(writes.deleteEntries, { ...prune, w })];
}

function secretStatements(change: SecretChange, w: string): Bound[] {
  if (change.kind === "remove") {
    const { path, seen } = change;
    return [bind(writes.deleteVersions, { path, w }), bind(writes.deleteHead, { path, seen, w })];
  }
  const head: Values = { ...change.head, w };
  return [
    change.kind === "create" ? bind(writes.insertHead, head) : bind(writes.updateHead, { ...head, seen: change.seen }),
    ...versionStatements(change.versions, change.head.path, w),
  ];
}

function versionStatements(changes: VersionChanges, path: string, w: string): Bound[] {
  const { insert, pruneBelow, softDelete, restore } = changes;
  const statements: Bound[] = [];
  if (pruneBelow !== undefined) statements.push(bind(writes.prune, { path, below: pruneBelow, w }));
  if (insert !== undefined) statements.push(bind(writes.insertVersion, { ...insert, path, w }));
  if (softDelete !== undefined) {
    const { numbers, at } = softDelete;
    statements.push(bind(writes.softDelete, { path, numbers: JSON.stringify(numbers), at, w }));
  }
  if (restore !== undefined) {
    statements.push(bind(writes.restore, { path, numbers: JSON.stringify(restore.numbers), w }));
  }
  return statements;
}
