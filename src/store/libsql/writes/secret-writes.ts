import { and, eq, exists, notExists } from "drizzle-orm";
import type { SecretChange } from "../../store.ts";
import type { Statement } from "../execute.ts";
import { bind, db, placeholder, prepare, rowOfPlaceholders, setOfPlaceholders, type Values } from "../query-builder.ts";
import { secrets, secretVersions } from "../schema.ts";
import { gate, gateIsOurs, ifOurs, isUntouched, nextRevision, nextRevisionValue, one } from "./gate.ts";
import { versionStatements } from "./version-writes.ts";

const atPath = eq(secrets.path, placeholder("path"));

/** The optimistic lock: the head is still at the row version that was loaded. */
const headAsLoaded = and(atPath, eq(secrets.version, placeholder("seen")));

const { path: _, ...assigned } = setOfPlaceholders(secrets);

export const secretWrites = {
  gateCreate: gate(and(notExists(db.select(one).from(secrets).where(atPath)), isUntouched)),
  gateUpdate: gate(exists(db.select(one).from(secrets).where(headAsLoaded))),
  gateRemove: gate(isUntouched),
  insertHead: prepare(
    db.insert(secrets).select(ifOurs({ ...rowOfPlaceholders(secrets), version: nextRevision.as("version") })),
  ),
  updateHead: prepare(
    db
      .update(secrets)
      .set({ ...assigned, version: nextRevisionValue })
      .where(and(headAsLoaded, gateIsOurs)),
  ),
  deleteHead: prepare(db.delete(secrets).where(and(atPath, gateIsOurs))),
  deleteVersions: prepare(
    db.delete(secretVersions).where(and(eq(secretVersions.path, placeholder("path")), gateIsOurs)),
  ),
} as const;

/** @param entry values of the audit entry, for the gate */
export function secretGate(change: SecretChange, entry: Values): Statement {
  switch (change.kind) {
    case "create":
      return bind(secretWrites.gateCreate, { ...entry, path: change.head.path });
    case "update":
      return bind(secretWrites.gateUpdate, { ...entry, path: change.head.path, seen: change.seen });
    case "remove":
      return bind(secretWrites.gateRemove, entry);
  }
}

/** What a commit changes of a secret: its head, and the versions. */
export function secretStatements(change: SecretChange, ourWriteId: string): readonly Statement[] {
  if (change.kind === "remove") {
    const { path } = change;
    return [
      bind(secretWrites.deleteVersions, { path, ourWriteId }),
      bind(secretWrites.deleteHead, { path, ourWriteId }),
    ];
  }
  const head = { ...change.head, ourWriteId };
  return [
    change.kind === "create"
      ? bind(secretWrites.insertHead, head)
      : bind(secretWrites.updateHead, { ...head, seen: change.seen }),
    ...versionStatements(change.versions, { path: change.head.path, ourWriteId }),
  ];
}
