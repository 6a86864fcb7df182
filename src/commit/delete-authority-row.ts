import type { SealFault } from "../seal/seal-error.ts";
import type { Query } from "../store/store.ts";
import type { Outcome } from "../store/transact.ts";
import { auditedWrite, type WriteFailure, type WriteOrigin } from "./audited-write.ts";
import {
  authorityIn,
  authorityResource,
  type AuthorityRow,
  type AuthorityTable,
  findReplaceable,
  isDamaged,
  type Versioned,
  withRow,
} from "./authority-row.ts";
import type { WriteDeps } from "./deps.ts";

type DeleteFailure = WriteFailure | { readonly code: "not_found" } | { readonly code: "version_conflict" };

/**
 * Deletes a policy or a trust bundle, even if its row does not verify or was lost. Raises the epoch, and no write commits
 * after this one that was permitted by the row.
 *
 * @throws SealError, StoreUnavailable
 */
export async function deleteAuthorityRow<Row extends AuthorityRow, Value extends Versioned>(
  table: AuthorityTable<Row, Value>,
  deps: WriteDeps,
  request: WriteOrigin & {
    readonly name: string;
    /** Expected row version. */
    readonly cas: number | undefined;
    /** Receives the fault of a row that does not verify. */
    readonly report: (fault: SealFault) => void;
  },
): Promise<Outcome<{ readonly revision: number }, DeleteFailure>> {
  const { name, cas, report } = request;
  const resource = authorityResource(table, name);
  const write = {
    ...request,
    action: "delete",
    resource,
    request: { label: "request", fields: [`${table.kind}.delete`, name, cas ?? null] },
  };
  return await auditedWrite<Query, object, DeleteFailure>(deps, write, {
    query: { ...table.query(name), chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: () => ({}),
    async decide(snapshot) {
      const loaded = table.rowIn(snapshot);
      if (loaded === undefined) throw new TypeError(`Cannot delete ${table.title(name)}: the store did not load it`);
      const state = authorityIn(snapshot);
      const found = await findReplaceable(table, { ring: deps.ring, ...state, name, row: loaded.row, report });
      if (found === undefined) return { ok: false, failure: { code: "not_found" } };
      if (cas !== undefined && cas !== found.version) return { ok: false, failure: { code: "version_conflict" } };
      return {
        ok: true,
        change: found.seen === undefined ? {} : table.removal(name, found.seen),
        authority: { trie: withRow(table, state.trie, { name, row: undefined }) },
        isRepair: isDamaged(found),
        outcome: {},
      };
    },
  });
}
