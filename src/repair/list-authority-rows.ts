import {
  authorityResource,
  type AuthorityRow,
  type AuthorityTable,
  requirePossibleRow,
  slotOfRow,
  type Versioned,
} from "../commit/authority-row.ts";
import { memberOf } from "../commit/authority/member.ts";
import type { LeafEntry } from "../commit/authority/node.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { encodeBase64url } from "../encoding/base64.ts";
import { POLICIES } from "../policy/policies.ts";
import { encodeCanonical, type Field } from "../seal/encoding.ts";
import { SealError } from "../seal/seal-error.ts";
import { load } from "../store/load.ts";
import type { BundleRow, PolicyRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Page, Query } from "../store/store.ts";
import type { Outcome } from "../store/transact.ts";
import { BUNDLES } from "../trust/bundles.ts";
import type { RepairFailure } from "./failure.ts";
import { problemIn, type RowProblem } from "./row-problem.ts";

/** A row that a new authority trie would contain. */
interface ListedRow extends LeafEntry {
  readonly resource: string;
  readonly version: number;
  /** Milliseconds since the epoch; null if the row has no time. */
  readonly updatedAt: number | null;
}

/** The rows that the database shows now, from which the authority trie would be rebuilt. */
export interface AuthorityProposal {
  readonly rows: readonly ListedRow[];
  /** Rows that do not verify. The new trie would not contain them. */
  readonly failed: readonly RowProblem[];
  readonly digest: string;
  /** Revision of the store. */
  readonly revision: number;
}

/** Maximum number of policies and trust bundles: one commit writes all nodes, about 70 bytes for each row. */
const MAX_REBUILT_ROWS = 20_000;

const PER_PAGE = 2000;

type LoadDeps = Pick<WriteDeps, "store" | "ring" | "attempts">;

/** A table whose rows are listed. */
interface ListedTable<Row extends AuthorityRow> extends AuthorityTable<Row, Versioned> {
  page(after: string): Query;
  pageIn(snapshot: AnySnapshot): Page<Row> | undefined;
  updatedAt(row: Row): number | null;
}

const POLICY_LIST: Readonly<ListedTable<PolicyRow>> = {
  ...POLICIES,
  page: (after) => ({ policies: { after, limit: PER_PAGE } }),
  pageIn: ({ policies }) => policies,
  updatedAt: ({ updatedAt }) => updatedAt,
};

const BUNDLE_LIST: Readonly<ListedTable<BundleRow>> = {
  ...BUNDLES,
  page: (after) => ({ bundles: { after, limit: PER_PAGE } }),
  pageIn: ({ bundles }) => bundles,
  updatedAt: ({ fetchedAt }) => fetchedAt,
};

/**
 * Lists the rows in the epoch of `store`. A commit that pins this epoch wins only if no row has changed since it was listed.
 *
 * @throws StoreUnavailable
 */
export async function listAuthorityRows(
  deps: LoadDeps,
  store: StoreRow,
): Promise<Outcome<AuthorityProposal, RepairFailure>> {
  const bundles = await collect(BUNDLE_LIST, deps, store);
  if (!bundles.ok) return bundles;
  const policies = await collect(POLICY_LIST, deps, store);
  if (!policies.ok) return policies;
  const rows = [...bundles.answer.rows, ...policies.answer.rows];
  const failed = [...bundles.answer.failed, ...policies.answer.failed];
  if (rows.length + failed.length > MAX_REBUILT_ROWS) return { ok: false, failure: { code: "too_many_rows" } };
  const fields = [
    ...rows.flatMap(({ resource, version, member }): Field[] => [resource, version, member]),
    null,
    ...failed.map(({ resource }) => resource),
  ];
  const bytes = encodeCanonical("repair.authority", [store.epoch, ...fields]);
  const digest = encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return { ok: true, answer: { rows, failed, digest, revision: store.revision } };
}

type Collected = Pick<AuthorityProposal, "rows" | "failed">;

/** Loads all rows of a table, page by page. */
async function collect<Row extends AuthorityRow & { readonly slot: number }>(
  table: ListedTable<Row>,
  deps: LoadDeps,
  store: StoreRow,
): Promise<Outcome<Collected, RepairFailure>> {
  const rows: ListedRow[] = [];
  const failed: RowProblem[] = [];
  let after: string | undefined = "";
  while (after !== undefined) {
    const snapshot: AnySnapshot = await load(deps.store, table.page(after), deps.attempts);
    if (snapshot.store.epoch !== store.epoch) return { ok: false, failure: { code: "list_changed" } };
    const page: Page<Row> | undefined = table.pageIn(snapshot);
    const checked = (page?.rows ?? []).map(async (row) => await listRow(table, row, { ring: deps.ring, store }));
    for (const result of await Promise.all(checked)) {
      if ("kind" in result) failed.push(result);
      else rows.push(result);
    }
    if (rows.length + failed.length > MAX_REBUILT_ROWS) return { ok: false, failure: { code: "too_many_rows" } };
    const last: Row | undefined = page?.rows.at(-1);
    after = page?.more === true && last !== undefined ? table.nameOf(last) : undefined;
  }
  return { ok: true, answer: { rows, failed } };
}

async function listRow<Row extends AuthorityRow & { readonly slot: number }>(
  table: ListedTable<Row>,
  row: Row,
  { ring, store }: { readonly ring: LoadDeps["ring"]; readonly store: StoreRow },
): Promise<ListedRow | RowProblem> {
  const name = table.nameOf(row);
  const resource = authorityResource(table, name);
  const slot = slotOfRow(table, name);
  const problem = await problemIn(resource, async () => {
    requirePossibleRow(table, store, row);
    // Loads would not find the nodes on the way to it.
    if (row.slot !== slot.prefix) {
      throw new SealError("inconsistent", `${table.title(name)} has a slot that its name does not lead to`);
    }
    await table.open(ring, store.storeId, row);
  });
  const { version } = row;
  return (
    problem ?? {
      resource,
      version,
      updatedAt: table.updatedAt(row),
      slot,
      member: memberOf(resource, table.sealOf(row)),
    }
  );
}
