import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";
import {
  describeState,
  emptyState,
  parseState,
  requireRegisteredKeys,
  signState,
  verifyStoreRow,
  writingRing,
} from "../commit/store-row.ts";
import { encodeBase64url } from "../encoding/base64.ts";
import type { Fault } from "../json/fault.ts";
import { encodeCanonical } from "../seal/encoding.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import { load } from "../store/load.ts";
import type { AuditRow, KeyRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Snapshot } from "../store/store.ts";
import { missingRoot, verifyLevel } from "./verify-level.ts";

/** What the audit proves that the store row was. */
export interface StoreProposal {
  readonly store: StoreRow;
  /** The newest entry that raised the epoch; undefined if none did. */
  readonly basedOn: AuditRow | undefined;
  /** The newest entry of the store. */
  readonly newest: AuditRow;
  /** Whether the root node of the authority trie is the one that this row leads to. */
  readonly fitsTrie: boolean;
  readonly digest: string;
}

export type Recovery =
  | { readonly status: "intact" }
  | { readonly status: "lost"; readonly fault: Fault }
  | { readonly status: "recovered"; readonly proposal: StoreProposal };

/** What {@link recoverStoreRow} starts from. Two entries with the highest epoch would contradict each other. */
export const RECOVERY_QUERY = { authorityEntries: { limit: 2 } } as const;

/** Entries per load. Few commits are decided more than this many revisions before their own. */
const PER_PAGE = 1000;

const TRUSTED_COPY = "Restore a backup, or copy the missing entry from one, and try again";

/**
 * The store row that the newest entry which raised the epoch led to. The newest entry of all proves that this row was current
 * at its `base`. The entries after that `base` must be complete and must verify, because one of them may have raised the epoch
 * again. So the database cannot present an older state by hiding an entry, unless it drops all later entries too.
 *
 * Three loads, in two round trips, after the one of `snapshot`.
 *
 * @throws SealError if the ring does not fit the store, StoreUnavailable
 */
export async function recoverStoreRow(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts">,
  snapshot: Snapshot<typeof RECOVERY_QUERY> & AnySnapshot,
): Promise<Recovery> {
  const { ring, attempts } = deps;
  const { store, keys } = snapshot;
  requireRegisteredKeys(ring, keys);
  if (await isIntact(ring, snapshot)) return { status: "intact" };
  const [basedOn, other] = snapshot.authorityEntries.rows;
  const { revision } = store;
  const [end, trie] = await Promise.all([
    load(deps.store, { audit: { after: revision - 1, limit: 1 } }, attempts),
    load(deps.store, { level: { after: 0, depth: 0, limit: 1 } }, attempts),
  ]);
  const newest = end.audit.rows[0];
  if (newest?.revision !== revision || [end, trie].some((found) => found.store.revision !== revision)) {
    return lost(`must have its newest audit entry, at revision ${revision}. ${TRUSTED_COPY}`);
  }
  if (basedOn !== undefined && other?.epoch === basedOn.epoch) {
    return lost(
      `must follow from one entry, but those at revisions ${other.revision} and ${basedOn.revision} claim one epoch`,
    );
  }
  const raised = basedOn?.revision ?? 0;
  const recovered = await signedBy(ring, { store, keys, basedOn, newest });
  if (recovered === undefined) {
    return lost(`must follow from the entry at revision ${raised}, which does not verify. ${TRUSTED_COPY}`);
  }
  const fits = await sawState(ring, recovered, newest);
  if (fits === false) return lost(`must be the one that the entry at revision ${revision} saw. ${TRUSTED_COPY}`);
  if (fits === undefined) {
    return lost(`must have a newest audit entry that verifies, at revision ${revision}. ${TRUSTED_COPY}`);
  }
  const proved = newest.epoch === recovered.epoch ? Math.max(raised, newest.base) : raised;
  const doubtful = await findDoubtful(deps, recovered, { after: proved, upTo: revision });
  if (doubtful !== undefined) {
    const what = `the entry at revision ${doubtful}, which is missing, does not verify or saw another one`;
    return lost(`must be the one after ${what}. ${TRUSTED_COPY}`);
  }
  const { problems } = verifyLevel(recovered, trie.level);
  const fitsTrie =
    trie.level.nodes.rows.length === 0
      ? missingRoot(recovered).length === 0
      : problems.every(({ resource, kind }) => resource !== "node:1" || kind !== "damaged_node");
  const fields = [describeState(recovered), revision, newest.mac, Number(fitsTrie)];
  const digest = await crypto.subtle.digest("SHA-256", encodeCanonical("repair.store", fields));
  const proposal = { store: recovered, basedOn, newest, fitsTrie, digest: encodeBase64url(new Uint8Array(digest)) };
  return { status: "recovered", proposal };
}

async function isIntact(ring: KeyRing, snapshot: AnySnapshot): Promise<boolean> {
  try {
    await verifyStoreRow(ring, snapshot);
    return true;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return false;
  }
}

/** The signed store row. Undefined if the entry that it follows from does not verify. */
async function signedBy(
  ring: KeyRing,
  found: {
    readonly store: StoreRow;
    readonly keys: readonly KeyRow[];
    readonly basedOn: AuditRow | undefined;
    readonly newest: AuditRow;
  },
): Promise<StoreRow | undefined> {
  const { store, keys, basedOn, newest } = found;
  const { storeId } = store;
  if (basedOn !== undefined && !(await isAuthentic(ring, store, basedOn))) return undefined;
  const leadsTo = basedOn?.leadsTo ?? undefined;
  const state = leadsTo === undefined ? emptyState(storeId, newest.keyId) : parseState(storeId, leadsTo);
  if (state === undefined || (basedOn !== undefined && state.epoch !== basedOn.epoch + 1)) return undefined;
  const { primary } = writingRing(ring, { store: { ...store, keyId: state.keyId }, keys });
  return { ...store, ...state, mac: await signState(primary, state) };
}

/** False if the entry contradicts the store row. Undefined if it proves nothing, because it does not verify. */
async function sawState(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<boolean | undefined> {
  if (!(await isAuthentic(ring, store, entry))) return undefined;
  if (entry.epoch > store.epoch) return false;
  // It raised the epoch to that of the store row, or was decided before that.
  if (entry.epoch < store.epoch) return true;
  if (entry.leadsTo !== null) return false;
  return entry.base === 0 ? entry.state === null : equalBytes(entry.state, store.mac ?? new Uint8Array());
}

/** The first revision whose entry may have changed the store row: it is missing, does not verify, or saw another row. */
async function findDoubtful(
  { store, ring, attempts }: Pick<WriteDeps, "store" | "ring" | "attempts">,
  recovered: StoreRow,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<number | undefined> {
  let last = after;
  while (last < upTo) {
    const { audit } = await load(store, { audit: { after: last, upTo, limit: PER_PAGE } }, attempts);
    if (audit.rows.length === 0) return last + 1;
    for (const entry of audit.rows) {
      const fits = entry.revision === last + 1 && (await sawState(ring, recovered, entry)) === true;
      if (!fits) return last + 1;
      last = entry.revision;
    }
  }
  return undefined;
}

/** Whether this service wrote the entry. Its epoch may be above that of the store row, which is damaged. */
async function isAuthentic(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<boolean> {
  try {
    await verifyEntry(ring, { ...store, epoch: Number.MAX_SAFE_INTEGER }, entry);
    return true;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return false;
  }
}

function lost(rule: string): Recovery {
  return { status: "lost", fault: { member: "store", rule } };
}
