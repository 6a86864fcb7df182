import {
  authorityIn,
  authorityResource,
  type AuthorityRow,
  type AuthorityState,
  type AuthorityTable,
  requireCurrentRow,
  slotOfRow,
  type Versioned,
} from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AnySnapshot, Page, RowWithTail } from "../store/store.ts";
import { problemIn, type RowProblem } from "./row-problem.ts";

/**
 * Verifies a page of policies or bundles: each opens, has the slot of its name, is the one that the trie contains, and was written
 * by its newest audit entry.
 */
export async function verifyNamedRows<
  Row extends AuthorityRow & { readonly slot: number; readonly writeId: string },
  Value extends Versioned,
>(
  table: AuthorityTable<Row, Value>,
  ring: KeyRing,
  { page, ...snapshot }: Pick<AnySnapshot, "store" | "nodes"> & { readonly page: Page<RowWithTail<Row>> },
): Promise<readonly RowProblem[]> {
  const state = authorityIn(snapshot);
  const problems = await Promise.all(
    page.rows.map(async ({ row, tail }) => {
      const name = table.nameOf(row);
      return await problemIn(authorityResource(table, name), async () => {
        await table.open(ring, state.store.storeId, row);
        if (row.slot !== slotOfRow(table, name).prefix) {
          throw new SealError("inconsistent", `${table.title(name)} has a slot that its name does not lead to`);
        }
        if (hasIntactPath(table, state, name)) requireCurrentRow(table, state, row);
        // A lost entry is a gap in the audit. No MAC covers the version, and `cas` is compared with it.
        if (tail !== undefined && (tail.writeId !== row.writeId || tail.revision !== row.version)) {
          throw new SealError("inconsistent", `${table.title(name)} was not written by its newest audit entry`);
        }
      });
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** False if a node on the way to the row is damaged. The walk over the nodes reports that node once. */
function hasIntactPath(table: { readonly kind: string }, { trie }: AuthorityState, name: string): boolean {
  try {
    trie.memberIn(slotOfRow(table, name));
    return true;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return false;
  }
}
