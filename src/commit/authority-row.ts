import type { KeyRing } from "../seal/key-ring.ts";
import { SealError, type SealFault, toSealFault } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Query } from "../store/store.ts";
import { verifyEntry } from "./entry.ts";

export interface Versioned {
  /** Revision of the commit that wrote the row. */
  readonly version: number;
}

/** A row that decides who may do what: a policy or a trust bundle. */
export interface AuthorityRow extends Versioned {
  /** Write id of that commit. */
  readonly writeId: string;
  /** Epoch that the commit was decided on. The commit itself raised it. */
  readonly epoch: number;
}

/** An authority row as loaded, with the newest audit entry of its name. Neither is verified. */
interface AuthorityView<Row> {
  readonly row: Row | undefined;
  readonly tail: AuditRow | undefined;
}

/** One table of authority rows: how a row is named, loaded, opened and deleted. */
export interface AuthorityTable<Row extends AuthorityRow, Value extends Versioned> {
  /** Starts the audit resource of each row: `policy:NAME`, `bundle:TRUST_DOMAIN`. */
  readonly kind: "policy" | "bundle";
  /** Names a row in the operator's log: `policy "NAME"`. */
  title(name: string): string;
  nameOf(row: Row): string;
  query(name: string): Query;
  viewIn(snapshot: AnySnapshot): AuthorityView<Row> | undefined;
  /** Verifies and decodes the row itself, not that it is current. @throws SealError */
  open(ring: KeyRing, storeId: string, row: Row): Promise<Value>;
  /** When the row was written, in milliseconds. 0 if it does not record that. */
  writtenAt(value: Value): number;
  removal(name: string, seen: number): Pick<Change, "policy" | "bundle">;
}

/** The row of one name in a snapshot whose store row is verified. */
interface NamedView<Row> {
  readonly ring: KeyRing;
  readonly store: StoreRow;
  readonly name: string;
  readonly view: AuthorityView<Row>;
}

/** The audit action that deletes a row. Only after this entry may a name with an earlier entry have no row. */
export const DELETION = "delete";

/**
 * The audit action that seals a row under another root key and changes nothing else. A deleted name has no row, only the
 * entry that proves the deletion. There the rewrap repeats that entry.
 */
export const REWRAP = "rewrap";

/** The outcome of a {@link REWRAP} entry for a deleted name. */
export const STILL_DELETED = { deleted: true } as const;

/** Whether a verified entry leaves its name without a row. */
export function isDeletion({ action, outcome }: AuditRow): boolean {
  return action === DELETION || (action === REWRAP && outcome === JSON.stringify(STILL_DELETED));
}

/** The audit resource of a row: `policy:NAME`, `bundle:TRUST_DOMAIN`. */
export function authorityResource({ kind }: { readonly kind: string }, name: string): string {
  return `${kind}:${name}`;
}

/**
 * Verifies that a row is current: the newest audit entry of its name is the one that wrote it. A row that was deleted or
 * replaced, and then put back into the database, fails.
 *
 * The row's own contents are not verified here.
 *
 * @throws SealError
 */
export async function requireCurrentRow<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  current: {
    readonly ring: KeyRing;
    readonly store: StoreRow;
    readonly row: Row;
    /** The newest audit entry of the row's name, not yet verified. */
    readonly tail: AuditRow | undefined;
  },
): Promise<void> {
  const { ring, store, row, tail } = current;
  const name = table.nameOf(row);
  if (tail === undefined) throw inconsistent(table, name, "has no audit entry");
  requireOwnTail(table, name, tail);
  if (tail.writeId !== row.writeId || tail.revision !== row.version) {
    throw inconsistent(table, name, "was not written by its newest audit entry");
  }
  // The commit that wrote the row raised the epoch, so the row's epoch must be below the store's.
  if (tail.epoch !== row.epoch || row.epoch >= store.epoch || row.version > store.revision) {
    throw inconsistent(table, name, "has an epoch or version that this store cannot have");
  }
  await verifyEntry(ring, store, tail);
}

/** Verifies that a row may be missing: it never existed, or the newest audit entry of its name deleted it. @throws SealError */
async function requireAbsentRow<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  { ring, store, name, view: { tail } }: NamedView<Row>,
): Promise<void> {
  if (tail === undefined) return;
  requireOwnTail(table, name, tail);
  await verifyEntry(ring, store, tail);
  if (!isDeletion(tail)) throw inconsistent(table, name, "is missing");
}

/** The verified and current row of that name. Undefined if there is none. @throws SealError */
export async function verifyAuthorityRow<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  named: NamedView<Row>,
): Promise<Value | undefined> {
  const { ring, store, name, view } = named;
  const { row, tail } = view;
  if (row === undefined) {
    await requireAbsentRow(table, named);
    return undefined;
  }
  // Rows of other names are authentic too. The database must not pass one off as the requested row.
  if (table.nameOf(row) !== name) throw inconsistent(table, name, "was requested, but another row was loaded");
  const [, value] = await Promise.all([
    requireCurrentRow(table, { ring, store, row, tail }),
    table.open(ring, store.storeId, row),
  ]);
  return value;
}

/** The stored row that a put replaces or a delete removes. */
export interface Replaceable<Value> extends Versioned {
  /** Undefined if the row does not verify. */
  readonly value: Value | undefined;
}

/**
 * The row of that name, as far as a put or a delete needs it. Undefined if there is none.
 *
 * A row that does not verify is reported and can still be replaced or deleted, because nothing of it is kept. Otherwise an
 * altered row would block its name forever. Its newest audit entry must verify, because the next entry continues it.
 *
 * @throws SealError
 */
export async function findReplaceable<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  named: NamedView<Row> & { readonly report: (fault: SealFault) => void },
): Promise<Replaceable<Value> | undefined> {
  const { ring, store, name, report } = named;
  const { row, tail } = named.view;
  try {
    const value = await verifyAuthorityRow(table, named);
    return value && { version: value.version, value };
  } catch (error) {
    const isReplaceable =
      row !== undefined && table.nameOf(row) === name && tail?.resource === authorityResource(table, name);
    if (!(error instanceof SealError) || !isReplaceable) throw error;
    await verifyEntry(ring, store, tail);
    report(toSealFault(error));
    return { version: row.version, value: undefined };
  }
}

/** What the errors of a table need to name a row. */
type Naming = Pick<AuthorityTable<never, never>, "kind" | "title">;

function requireOwnTail(table: Naming, name: string, tail: AuditRow): void {
  if (tail.resource === authorityResource(table, name)) return;
  throw inconsistent(table, name, "was loaded with another resource's audit entry");
}

function inconsistent(table: Naming, name: string, problem: string): SealError {
  return new SealError("inconsistent", `${table.title(name)} ${problem}`);
}
