import { and, eq, exists, notExists, or, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { BundleChange, PolicyChange } from "../../store.ts";
import type { Statement } from "../execute.ts";
import {
  bind,
  db,
  placeholder,
  prepare,
  rowOfPlaceholders,
  setOfPlaceholders,
  type Template,
  type Values,
} from "../query-builder.ts";
import { policies, trustBundles } from "../schema.ts";
import { gate, gateIsOurs, ifOurs, isUntouched, nextRevision, nextRevisionValue, one } from "./gate.ts";

/** Statements of a table whose rows are written whole and found by their name. */
interface NamedRowWrites {
  readonly gateCreate: Template;
  readonly gateUpdate: Template;
  readonly insert: Template;
  readonly update: Template;
  readonly remove: Template;
}

/** Null: any version. */
const isSeen = (version: SQLiteColumn): SQL | undefined =>
  or(sql`${placeholder("seen")} is null`, eq(version, placeholder("seen")));

const policyNamed = eq(policies.name, placeholder("name"));
const policyAsLoaded = and(policyNamed, isSeen(policies.version));
const { name: _, ...assignedToPolicy } = setOfPlaceholders(policies);

export const policyWrites: Readonly<NamedRowWrites> = {
  gateCreate: gate(and(notExists(db.select(one).from(policies).where(policyNamed)), isUntouched)),
  gateUpdate: gate(exists(db.select(one).from(policies).where(policyAsLoaded))),
  insert: prepare(
    db.insert(policies).select(ifOurs({ ...rowOfPlaceholders(policies), version: nextRevision.as("version") })),
  ),
  update: prepare(
    db
      .update(policies)
      .set({ ...assignedToPolicy, version: nextRevisionValue })
      .where(and(policyAsLoaded, gateIsOurs)),
  ),
  remove: prepare(db.delete(policies).where(and(policyAsLoaded, gateIsOurs))),
};

const bundleNamed = eq(trustBundles.trustDomain, placeholder("trustDomain"));
const bundleAsLoaded = and(bundleNamed, isSeen(trustBundles.version));
const { trustDomain: __, ...assignedToBundle } = setOfPlaceholders(trustBundles);

export const bundleWrites: Readonly<NamedRowWrites> = {
  gateCreate: gate(and(notExists(db.select(one).from(trustBundles).where(bundleNamed)), isUntouched)),
  gateUpdate: gate(exists(db.select(one).from(trustBundles).where(bundleAsLoaded))),
  insert: prepare(
    db.insert(trustBundles).select(ifOurs({ ...rowOfPlaceholders(trustBundles), version: nextRevision.as("version") })),
  ),
  update: prepare(
    db
      .update(trustBundles)
      .set({ ...assignedToBundle, version: nextRevisionValue })
      .where(and(bundleAsLoaded, gateIsOurs)),
  ),
  remove: prepare(db.delete(trustBundles).where(and(bundleAsLoaded, gateIsOurs))),
};

/** @param entry values of the audit entry */
export function namedRowGate(writes: NamedRowWrites, change: PolicyChange | BundleChange, entry: Values): Statement {
  return change.kind === "create"
    ? bind(writes.gateCreate, { ...entry, ...nameOf(change) })
    : bind(writes.gateUpdate, { ...entry, ...nameOf(change), seen: change.seen });
}

export function namedRowStatement(
  writes: NamedRowWrites,
  change: PolicyChange | BundleChange,
  ourWriteId: string,
): Statement {
  switch (change.kind) {
    case "create":
      return bind(writes.insert, { ...change.row, ourWriteId });
    case "update":
      return bind(writes.update, { ...change.row, seen: change.seen, ourWriteId });
    case "remove":
      return bind(writes.remove, { ...nameOf(change), seen: change.seen, ourWriteId });
  }
}

function nameOf(change: PolicyChange | BundleChange): Values {
  const named = change.kind === "remove" ? change : change.row;
  return "name" in named ? { name: named.name } : { trustDomain: named.trustDomain };
}
