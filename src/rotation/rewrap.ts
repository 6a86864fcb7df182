import { markOf } from "../commit/bookmark/mark.ts";
import { type AcceptedWrite, buildChange, type RewrapInput } from "../commit/build-change.ts";
import { authorityIn } from "../commit/authority-row.ts";
import type { AuthorityTrie } from "../commit/authority/trie.ts";
import { effectiveTime, timeBounds } from "../commit/effective-time.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { verifyStore, writingRing } from "../commit/store-row.ts";
import { writeIdOf } from "../commit/write-id.ts";
import { rewrapPolicy } from "../policy/rewrap.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { rewrapSecret } from "../secret/rewrap.ts";
import type { AuditRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Page as RowPage, Query, Rest } from "../store/store.ts";
import { rewrapBundle } from "../trust/rewrap.ts";
import { type Cursor, startAfter } from "./cursor.ts";
import type { RotationResult } from "./failure.ts";
import type { RotationDeps } from "./deps.ts";

/** The maximum number of rows per page. */
export const MAX_ROWS = 100;

/** Changes per database request. Other writers wait for the database that long. */
const BATCH_SIZE = 25;

interface Rewrapped {
  /** The key that rows were moved to. */
  readonly primary: string;
  readonly rewrapped: number;
  /** Rows that another writer changed meanwhile. Another walk finds those that are still under another key. */
  readonly lost: number;
  /** Resources that do not verify and stay unchanged. */
  readonly failed: readonly string[];
  readonly next: Cursor | undefined;
  readonly revision: number;
}

/**
 * Moves up to `limit` rows after `cursor` to the ring's first key, while other requests go on. Each row is a commit of its own
 * with an audit entry, which wins only if the row has not changed since it was loaded. Values are not decrypted.
 *
 * Can be continued or restarted at any time, because rows under the first key are skipped. At most 5 round trips per page.
 *
 * @throws SealError, StoreUnavailable
 */
export async function rewrapRows(
  deps: RotationDeps,
  request: {
    readonly caller: string;
    readonly traceId: string;
    readonly cursor: Cursor;
    readonly limit: number;
  },
): Promise<RotationResult<Rewrapped>> {
  const { cursor, limit } = request;
  const { primary } = deps.ring;
  const snapshot = await loadPermitted(deps, queryOf(cursor, { keyId: primary.id, limit }));
  if (snapshot === undefined) return { ok: false, failure: { code: "denied" } };
  if (writingRing(deps.ring, snapshot).primary !== primary) return notPrimary;
  const { items, more } = itemsOf(cursor, snapshot);
  const { trie } = authorityIn(snapshot);
  // Changes of policies and bundles pin the epoch, which pins every permission. And they change the row that they may rest on.
  const rests = cursor.kind === "secret" ? ((await deps.access.permits(snapshot)) ?? []) : [];
  const page: Page = { deps, request, snapshot, rests, trie, failed: [], rewrapped: 0, lost: 0 };
  for (let start = 0; start < items.length; start += BATCH_SIZE) {
    // Another writer changed a policy or bundle, so the loaded nodes no longer fit. Another walk finds these rows.
    if (cursor.kind !== "secret" && !equalBytes(page.trie.root, page.snapshot.store.authority)) {
      page.lost += items.length - start;
      break;
    }
    await commitBatch(page, items.slice(start, start + BATCH_SIZE));
    // Another key was registered meanwhile. The next commit would sign the store row under the previous key again.
    if (writingRing(deps.ring, page.snapshot).primary !== primary) return notPrimary;
  }
  const { rewrapped, lost, failed } = page;
  const mark = markOf(page.snapshot);
  if (mark !== undefined) deps.onCommitted?.(mark);
  const { revision } = page.snapshot.store;
  const last = items.at(-1);
  const next =
    last !== undefined && (more || items.length === limit)
      ? { ...cursor, after: last.position }
      : startAfter(cursor.kind);
  return { ok: true, answer: { primary: primary.id, rewrapped, lost, failed, next, revision } };
}

const notPrimary = { ok: false, failure: { code: "key_not_primary" } } as const;

/** The state of a page while it is committed. */
interface Page {
  readonly deps: RotationDeps;
  readonly request: { readonly caller: string; readonly traceId: string };
  /** What the next rows are decided on: the store as of the previous commit. */
  snapshot: AnySnapshot;
  readonly rests: readonly Rest[];
  /** The authority trie with the rows of the page that were rewrapped before. */
  trie: AuthorityTrie;
  readonly failed: string[];
  rewrapped: number;
  lost: number;
}

/** A row to move to the first key. */
interface Item {
  readonly resource: string;
  readonly position: Cursor["after"];
  readonly tail: AuditRow | undefined;
  rewrap(input: RewrapInput): Promise<AcceptedWrite<object>>;
}

/**
 * Commits a batch in one round trip. A change that raises the epoch is followed by changes that name the raised epoch, so if it
 * loses, they lose too.
 */
async function commitBatch(page: Page, items: readonly Item[]): Promise<void> {
  const { deps, snapshot } = page;
  const changes: Change[] = [];
  let { store } = snapshot;
  for (const item of items) {
    const sealed = await reportSealError(changeFor(item, { ...snapshot, store }, page), (fault) => {
      page.failed.push(item.resource);
      deps.reportRow({ resource: item.resource, ...fault });
    });
    if (sealed === undefined) continue;
    const { trie, change } = sealed;
    changes.push(change);
    page.trie = trie;
    if (change.authority !== undefined) {
      const { nodes: _, ...columns } = change.authority;
      store = { ...store, ...columns, epoch: store.epoch + 1 };
    }
  }
  if (changes.length === 0) return;
  const { revisions, snapshot: after } = await deps.store.commitEach(changes, {}, deps.attempts.deadline);
  const won = revisions.filter((revision) => revision !== undefined).length;
  page.rewrapped += won;
  page.lost += changes.length - won;
  // The next rows are signed together with this state of the store.
  await verifyStore(deps.ring, after);
  const { newest, keys, now } = after;
  page.snapshot = { ...snapshot, store: after.store, newest, keys, now };
}

async function changeFor(
  item: Item,
  snapshot: AnySnapshot,
  page: Page,
): Promise<{ readonly change: Change; readonly trie: AuthorityTrie }> {
  const { deps, request, rests, trie } = page;
  const { caller, traceId } = request;
  const { resource, tail } = item;
  const { ring, randomBytes, attempts } = deps;
  const place = {
    writeId: await writeIdOf(caller, undefined, randomBytes),
    seq: (tail?.seq ?? 0) + 1,
    ring,
    time: effectiveTime(snapshot, timeBounds(attempts.now())),
  };
  const verdict = await item.rewrap({ ...place, store: snapshot.store, trie, randomBytes });
  const write = {
    caller,
    traceId,
    action: "rewrap",
    resource,
    request: { label: "request", fields: ["rewrap", resource, ring.primary.id] },
  };
  const change = await buildChange(verdict, { write, place, tail, snapshot, rests, attempts });
  // A row of a secret leaves the trie as it is.
  return { change, trie: verdict.authority?.trie ?? trie };
}

function queryOf({ kind, after }: Cursor, page: { readonly keyId: string; readonly limit: number }): Query {
  switch (kind) {
    case "secret":
      return { outdatedSecrets: { ...page, after } };
    case "policy":
      return { outdatedPolicies: { ...page, after } };
    case "bundle":
      return { outdatedBundles: { ...page, after } };
  }
}

/** The rows of a page, and whether more follow. A page has fewer rows than its limit if they are large. */
function itemsOf({ kind }: Cursor, snapshot: AnySnapshot): { readonly items: readonly Item[]; readonly more: boolean } {
  const page = <Row>(found: RowPage<Row> | undefined, toItem: (row: Row) => Item) => ({
    items: (found?.rows ?? []).map(toItem),
    more: found?.more ?? false,
  });
  switch (kind) {
    case "secret":
      return page(snapshot.outdatedSecrets, (view) => ({
        ...itemOf("secret", view.head?.path, view.head?.keyId),
        tail: view.tail,
        async rewrap(input) {
          const { change, version } = await rewrapSecret(view, input);
          return { ok: true, change: { secret: change }, outcome: { version } };
        },
      }));
    case "policy":
      return page(snapshot.outdatedPolicies, ({ row, tail }) => ({
        ...itemOf("policy", row.name, row.keyId),
        tail,
        async rewrap(input) {
          const { change, trie } = await rewrapPolicy(row, input);
          return { ok: true, change: { policy: change }, authority: { trie }, outcome: {} };
        },
      }));
    case "bundle":
      return page(snapshot.outdatedBundles, ({ row, tail }) => ({
        ...itemOf("bundle", row.trustDomain, row.keyId),
        tail,
        async rewrap(input) {
          const { change, outcome, trie } = await rewrapBundle(row, input);
          return { ok: true, change: { bundle: change }, authority: { trie }, outcome };
        },
      }));
  }
}

function itemOf(kind: string, name = "", keyId = ""): Pick<Item, "resource" | "position"> {
  return { resource: `${kind}:${name}`, position: { keyId, name } };
}
