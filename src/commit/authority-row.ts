import type { KeyRing } from "../seal/key-ring.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import { SealError, type SealFault, toSealFault } from "../seal/seal-error.ts";
import type { Bytes, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, NamedRow, Query, Rest } from "../store/store.ts";
import { memberOf } from "./authority/member.ts";
import { type Slot, slotOf } from "./authority/slot.ts";
import { AuthorityTrie } from "./authority/trie.ts";

export interface Versioned {
  /** Revision of the commit that wrote the row. */
  readonly version: number;
}

/** A row that decides who may do what: a policy or a trust bundle. */
export interface AuthorityRow extends Versioned {
  /** Revision and epoch that the commit was decided on. The commit itself raised both. */
  readonly base: number;
  readonly epoch: number;
}

/** One table of authority rows: how a row is named, loaded, opened and deleted. */
export interface AuthorityTable<Row extends AuthorityRow, Value extends Versioned> {
  readonly table: Rest["table"];
  /** Starts the audit resource of each row: `policy:NAME`, `bundle:TRUST_DOMAIN`. */
  readonly kind: "policy" | "bundle";
  /** Names a row in the operator's log: `policy "NAME"`. */
  title(name: string): string;
  nameOf(row: Row): string;
  query(name: string): Query;
  rowIn(snapshot: AnySnapshot): NamedRow<Row> | undefined;
  /** The AEAD record or MAC that covers the columns of a row. */
  sealOf(row: Omit<Row, "version">): Bytes;
  /** Verifies and decodes the row itself, not that it is current. @throws SealError */
  open(ring: KeyRing, storeId: string, row: Row): Promise<Value>;
  removal(name: string, seen: number | null): Pick<Change, "policy" | "bundle">;
}

/** What authority rows are checked against: a verified store row, and the trie that it leads to. */
export interface AuthorityState {
  readonly store: StoreRow;
  readonly trie: AuthorityTrie;
}

/** @param snapshot with a verified store row */
export function authorityIn({ store, nodes }: Pick<AnySnapshot, "store" | "nodes">): AuthorityState {
  return { store, trie: new AuthorityTrie({ root: store.authority, nodes }) };
}

/** The audit resource of a row: `policy:NAME`, `bundle:TRUST_DOMAIN`. */
export function authorityResource({ kind }: { readonly kind: string }, name: string): string {
  return `${kind}:${name}`;
}

/** Where a row is in the trie. */
export function slotOfRow(table: { readonly kind: string }, name: string): Slot {
  return slotOf(authorityResource(table, name));
}

/** Makes a write depend on a row: it commits only if the row still has this version. */
export function restOn<Row extends AuthorityRow>(table: AuthorityTable<Row, Versioned>, row: Row): Rest {
  return { table: table.table, name: table.nameOf(row), version: row.version };
}

/**
 * Verifies that a row is current: the trie contains it. A row that was deleted or replaced and then put back into the
 * database fails, and so does one whose commit the database kept back.
 *
 * The row's own contents are not verified here.
 *
 * @throws SealError
 */
export function requireCurrentRow<Row extends AuthorityRow>(
  table: AuthorityTable<Row, Versioned>,
  { store, trie }: AuthorityState,
  row: Row,
): void {
  requirePossibleRow(table, store, row);
  const name = table.nameOf(row);
  const resource = authorityResource(table, name);
  const member = trie.memberIn(slotOf(resource));
  if (member === undefined || !equalBytes(member, memberOf(resource, table.sealOf(row)))) {
    throw inconsistent(table, name, "is not the one that the authority trie contains");
  }
}

/** Verifies that the store can have had a row at some time. @throws SealError */
export function requirePossibleRow<Row extends AuthorityRow>(
  table: AuthorityTable<Row, Versioned>,
  store: StoreRow,
  row: Row,
): void {
  // No MAC covers `version`, but one covers `base`: a row cannot have the version of an earlier row of its name.
  if (row.base < row.version && row.version <= store.revision && row.epoch < store.epoch) return;
  throw inconsistent(table, table.nameOf(row), "has a base, epoch or version that this store cannot have");
}

/** A row as loaded by its name, and what it is checked against. */
interface Loaded<Row> extends AuthorityState {
  readonly ring: KeyRing;
  readonly name: string;
  readonly row: Row | undefined;
}

/** The verified and current row of that name. Undefined if there is none. @throws SealError */
export async function verifyAuthorityRow<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  loaded: Loaded<Row>,
): Promise<Value | undefined> {
  const { ring, store, trie, name, row } = loaded;
  if (row === undefined) {
    if (hasMember(table, loaded)) throw inconsistent(table, name, "is missing");
    return undefined;
  }
  requireName(table, name, row);
  requireCurrentRow(table, { store, trie }, row);
  return await table.open(ring, store.storeId, row);
}

/** What a put replaces or a delete removes. */
export interface Replaceable<Value> {
  /** Row version; 0 if the row is missing although the trie contains it. */
  readonly version: number;
  /** The row version that the commit requires. Null: any, because the row does not verify. Undefined: the row is missing. */
  readonly seen: number | null | undefined;
  /** Undefined if the row does not verify. */
  readonly value: Value | undefined;
}

/** Whether what is replaced does not verify, or was lost. */
export function isDamaged(found: Replaceable<unknown> | undefined): boolean {
  return found !== undefined && found.value === undefined;
}

/**
 * What is stored under that name, as far as a put or a delete needs it. Undefined if there is nothing.
 *
 * A row that does not verify, or that was lost, is reported. It can still be replaced or deleted, because nothing of it is
 * kept: afterwards the trie has another member in its slot, or none. Otherwise an altered row would block its name forever.
 *
 * @throws SealError if the trie itself does not verify
 */
export async function findReplaceable<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  loaded: Loaded<Row> & { readonly report: (fault: SealFault) => void },
): Promise<Replaceable<Value> | undefined> {
  const { name, row, report } = loaded;
  if (row !== undefined) requireName(table, name, row);
  const isMember = hasMember(table, loaded);
  try {
    const value = await verifyAuthorityRow(table, loaded);
    return value && { version: value.version, seen: value.version, value };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report(toSealFault(error));
    if (row === undefined) return isMember ? { version: 0, seen: undefined, value: undefined } : undefined;
    return { version: row.version, seen: null, value: undefined };
  }
}

/** The trie with `row` in the slot of its name; undefined: with no row. @throws SealError */
export function withRow<Row extends AuthorityRow>(
  table: AuthorityTable<Row, Versioned>,
  trie: AuthorityTrie,
  { name, row }: { readonly name: string; readonly row: Omit<Row, "version"> | undefined },
): AuthorityTrie {
  const resource = authorityResource(table, name);
  return trie.with(slotOf(resource), row && memberOf(resource, table.sealOf(row)));
}

/** What the errors of a table need to name a row. */
type Naming = Pick<AuthorityTable<never, never>, "kind" | "title">;

function hasMember(table: Naming, { trie, name }: { readonly trie: AuthorityTrie; readonly name: string }): boolean {
  return trie.memberIn(slotOfRow(table, name)) !== undefined;
}

/** Rows of other names are authentic too. The database must not pass one off as the requested row. */
function requireName<Row extends AuthorityRow>(table: AuthorityTable<Row, Versioned>, name: string, row: Row): void {
  if (table.nameOf(row) === name) return;
  throw inconsistent(table, name, "was requested, but another row was loaded");
}

function inconsistent(table: Naming, name: string, problem: string): SealError {
  return new SealError("inconsistent", `${table.title(name)} ${problem}`);
}
