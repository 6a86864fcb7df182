import { MAX_DEPTH } from "../commit/authority/slot.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";
import { loadVerified } from "../commit/load-verified.ts";
import { POLICIES } from "../policy/policies.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { REMOVAL } from "../secret/removal.ts";
import { verifyStoredSecret } from "../secret/verify-secret.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, SecretView } from "../store/store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { BUNDLES } from "../trust/bundles.ts";
import { type RowCursor, startAfter } from "./cursor.ts";
import { problemIn, type RowProblem } from "./row-problem.ts";
import { missingRoot, verifyLevel } from "./verify-level.ts";
import { verifyNamedRows } from "./verify-named-rows.ts";

/** The result of a walk over a part of the rows. */
export interface RowReport {
  /** Number of rows and nodes that were verified. */
  readonly rows: number;
  readonly problems: readonly RowProblem[];
  /** Ids of nodes that nothing leads to. They are harmless. */
  readonly unreachable: readonly number[];
  /** Where to continue. Undefined after the last row. */
  readonly next: RowCursor | undefined;
  /** Revision of the store. */
  readonly revision: number;
}

type RowDeps = Pick<WriteDeps, "store" | "ring" | "attempts" | "access">;

/** What one load found. */
type PageReport = Omit<RowReport, "unreachable"> & Partial<Pick<RowReport, "unreachable">>;

/** Reports are read by people. A walk ends early at this number. */
const MAX_PROBLEMS = 100;

/** Rows per load. About 2 KB each. */
const PER_PAGE = 1000;

/**
 * Verifies the rows after `from`: secrets and their versions, policies, trust bundles and the nodes of the authority trie. One
 * round trip per page. Values are not decrypted.
 *
 * Stops after `pages` loads or after `maxMs`. `next` is where to continue. Rows that are written meanwhile cause no problems,
 * because a page compares only data of one snapshot.
 *
 * @throws SealError if the store row does not verify
 */
export async function verifyRows(
  deps: RowDeps,
  options: { readonly from: RowCursor; readonly pages: number; readonly maxMs: number; readonly perPage?: number },
): Promise<RowReport> {
  const { from, pages, maxMs, perPage = PER_PAGE } = options;
  const started = deps.attempts.now();
  const problems: RowProblem[] = [];
  const unreachable: number[] = [];
  let rows = 0;
  let limit = perPage;
  let cursor = from;
  for (let page = 1; ; page += 1) {
    const found = await unlessTooLarge(verifyPage(deps, cursor, limit), limit);
    if (found === undefined) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    rows += found.rows;
    problems.push(...found.problems);
    unreachable.push(...(found.unreachable ?? []));
    const { next, revision } = found;
    const isOver = page >= pages || deps.attempts.now() - started > maxMs || problems.length >= MAX_PROBLEMS;
    if (next === undefined || isOver) return { rows, problems, unreachable, next, revision };
    cursor = next;
  }
}

/** Undefined if a page exceeds the database's limit for an answer, and can be smaller. */
async function unlessTooLarge<T>(page: Promise<T>, limit: number): Promise<T | undefined> {
  try {
    return await page;
  } catch (error) {
    if (error instanceof StoreUnavailable && error.reason === "answer_too_large" && limit > 1) return undefined;
    throw error;
  }
}

async function verifyPage(deps: RowDeps, cursor: RowCursor, limit: number): Promise<PageReport> {
  switch (cursor.phase) {
    case "secrets":
      return await verifySecrets(deps, cursor, limit);
    case "policies": {
      const { after } = cursor;
      const snapshot = await loadVerified(deps, { policiesWithTails: { after, limit } });
      const { policiesWithTails: page, store, nodes } = snapshot;
      const problems = await verifyNamedRows(POLICIES, deps.ring, { store, nodes, page });
      return reportOf(cursor.phase, store, {
        problems,
        rows: page.rows.length,
        last: lastOf(page, ({ row }) => row.name),
      });
    }
    case "bundles": {
      const { after } = cursor;
      const snapshot = await loadVerified(deps, { bundlesWithTails: { after, limit } });
      const { bundlesWithTails: page, store, nodes } = snapshot;
      const problems = await verifyNamedRows(BUNDLES, deps.ring, { store, nodes, page });
      const last = lastOf(page, ({ row }) => row.trustDomain);
      return reportOf(cursor.phase, store, { problems, rows: page.rows.length, last });
    }
    case "versions": {
      const { headless, store } = await loadVerified(deps, { headless: { after: cursor.after, limit } });
      const problems = headless.rows.map((path): RowProblem => ({
        resource: `secret:${path}`,
        kind: "lost_head",
        detail: "has versions but no head",
      }));
      return reportOf(cursor.phase, store, { problems, rows: 0, last: headless.next });
    }
    case "lost": {
      const { rowless, ...state } = await loadVerified(deps, { rowless: { after: cursor.after, limit } });
      const { store } = state;
      const found = await Promise.all(rowless.rows.map(async (tail) => await lostRow(deps.ring, state, tail)));
      const problems = found.filter((problem) => problem !== undefined);
      return reportOf(cursor.phase, store, { problems, rows: 0, last: rowless.next });
    }
    case "nodes":
      return await verifyNodes(deps, cursor, limit);
  }
}

async function verifySecrets(
  deps: RowDeps,
  { phase, after }: Extract<RowCursor, { readonly after: string }>,
  limit: number,
): Promise<PageReport> {
  const { secrets, store, keys } = await loadVerified(deps, { secrets: { after, limit } });
  const check = async (view: SecretView): Promise<RowProblem | undefined> => {
    const resource = `secret:${view.head?.path ?? ""}`;
    return await problemIn(resource, async () => await verifyStoredSecret(deps.ring, { store, keys }, view));
  };
  const problems = (await Promise.all(secrets.rows.map(check))).filter((problem) => problem !== undefined);
  const last = lastOf(secrets, ({ head }) => head?.path ?? "");
  return reportOf(phase, store, { problems, rows: secrets.rows.length, last });
}

async function verifyNodes(
  deps: RowDeps,
  cursor: Extract<RowCursor, { readonly phase: "nodes" }>,
  perPage: number,
): Promise<PageReport> {
  const { after, depth } = cursor;
  for (let limit = perPage; ; limit = Math.ceil(limit / 4)) {
    const { level, store } = await loadVerified(deps, { level: { after, depth, limit } });
    if (level.resources.more && limit > 1) continue;
    const { problems, unreachable } = verifyLevel(store, level);
    const { revision } = store;
    const last = level.nodes.rows.at(-1);
    const deeper = depth < MAX_DEPTH ? ({ phase: "nodes", depth: depth + 1, after: 0 } as const) : undefined;
    if (last === undefined) {
      // A depth without nodes has no nodes below it.
      return { rows: 0, problems: depth === 0 ? missingRoot(store) : [], next: undefined, revision };
    }
    const next = level.nodes.more ? { ...cursor, after: last.id } : deeper;
    return { rows: level.nodes.rows.length, problems, unreachable, next, revision };
  }
}

/** The problem of a resource without a row. Undefined if its newest audit entry is that of a deletion. */
async function lostRow(
  ring: KeyRing,
  { store, keys }: Pick<AnySnapshot, "store" | "keys">,
  tail: AuditRow,
): Promise<RowProblem | undefined> {
  const { resource, action, keyId } = tail;
  const isRemoval = action === (resource.startsWith("secret:") ? REMOVAL : "delete");
  // The key of an old removal may have left the ring.
  const isRetired = !ring.keys.some(({ id }) => id === keyId) && keys.some((key) => key.keyId === keyId);
  if (isRemoval && isRetired) return undefined;
  const forged = await problemIn(resource, async () => await verifyEntry(ring, store, tail));
  if (forged !== undefined) return forged;
  return isRemoval
    ? undefined
    : { resource, kind: "lost_row", detail: "its newest audit entry leads to a row, which is missing" };
}

/** The last row of a page that is not the last one. */
function lastOf<Row>(
  { rows, more }: { readonly rows: readonly Row[]; readonly more: boolean },
  nameOf: (row: Row) => string,
): string | undefined {
  const last = rows.at(-1);
  return more && last !== undefined ? nameOf(last) : undefined;
}

function reportOf(
  phase: Exclude<RowCursor["phase"], "nodes">,
  { revision }: StoreRow,
  page: { readonly problems: readonly RowProblem[]; readonly rows: number; readonly last: string | undefined },
): PageReport {
  const { problems, rows, last } = page;
  return { rows, problems, next: last === undefined ? startAfter(phase) : { phase, after: last }, revision };
}
