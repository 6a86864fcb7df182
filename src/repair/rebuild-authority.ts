import { isRecord } from "../json/is-record.ts";
import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { AuthorityTrie } from "../commit/authority/trie.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyStore } from "../commit/store-row.ts";
import { load } from "../store/load.ts";
import type { Outcome } from "../store/transact.ts";
import type { RepairFailure } from "./failure.ts";
import { type AuthorityProposal, listAuthorityRows } from "./list-authority-rows.ts";

/**
 * The rows that a rebuild would trust again: all policies and trust bundles that this service wrote into this store at some
 * time. **Nothing proves that they are current.** The database can show one that was deleted or replaced. Compare the list.
 *
 * @throws SealError, StoreUnavailable
 */
export async function proposeAuthority(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts">,
): Promise<Outcome<AuthorityProposal, RepairFailure>> {
  const snapshot = await load(deps.store, {}, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  return await listAuthorityRows(deps, snapshot.store);
}

/**
 * Writes the whole authority trie again, from the rows that were shown, and raises the epoch.
 *
 * @param request `digest`: of the proposal that was shown
 * @throws SealError, StoreUnavailable
 */
export async function rebuildAuthority(
  deps: WriteDeps,
  request: WriteOrigin & { readonly digest: string },
): Promise<Outcome<{ readonly rows: number; readonly revision: number }, RepairFailure>> {
  const { digest } = request;
  const resource = "authority";
  const write = {
    ...request,
    action: "rebuild",
    resource,
    request: { label: "request", fields: ["authority.rebuild", digest] },
  };
  return await auditedWrite<object, { readonly rows: number }, RepairFailure>(deps, write, {
    query: { chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parseRows,
    async decide({ store }) {
      const listed = await listAuthorityRows(deps, store);
      if (!listed.ok) return listed;
      const { rows, failed, digest: found } = listed.answer;
      if (found !== digest) return { ok: false, failure: { code: "list_changed" } };
      const trie = AuthorityTrie.of(rows);
      const outcome = { rows: rows.length, failed: failed.length, digest };
      return { ok: true, change: {}, authority: { trie }, outcome };
    },
  });
}

function parseRows(outcome: unknown): { readonly rows: number } | undefined {
  const rows = isRecord(outcome) ? outcome["rows"] : undefined;
  return typeof rows === "number" ? { rows } : undefined;
}
