import { type AcceptedWrite, buildChange, type RewrapInput } from "../commit/build-change.ts";
import { verifyEntry } from "../commit/entry.ts";
import { isDeletion, REWRAP, STILL_DELETED } from "../commit/authority-row.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { verifyStore, writingRing } from "../commit/store-row.ts";
import { writeIdOf } from "../commit/write-id.ts";
import { rewrapPolicy } from "../policy/rewrap.ts";
import { SealError } from "../seal/seal-error.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { rewrapSecret } from "../secret/rewrap.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Page as RowPage, Query } from "../store/store.ts";
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
  const page: Page = { deps, request, snapshot, failed: [], rewrapped: 0, lost: 0 };
  for (let start = 0; start < items.length; start += BATCH_SIZE) {
    await commitBatch(page, items.slice(start, start + BATCH_SIZE));
    // Another key was registered meanwhile. The next commit would sign the store row under the previous key again.
    if (writingRing(deps.ring, page.snapshot).primary !== primary) return notPrimary;
  }
  const { rewrapped, lost, failed } = page;
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
  readonly failed: string[];
  rewrapped: number;
  lost: number;
}

/** A row to move to the first key. */
interface Item {
  readonly resource: string;
  readonly position: Cursor["after"];
  readonly tail: AuditRow | undefined;
  readonly raisesEpoch: boolean;
  rewrap(input: RewrapInput): Promise<AcceptedWrite<object>>;
}

/**
 * Commits a batch in one round trip. A change that raises the epoch is followed by changes that name the raised epoch, so if it
 * loses, they lose too.
 */
async function commitBatch(page: Page, items: readonly Item[]): Promise<void> {
  const { deps, snapshot } = page;
  const changes: Change[] = [];
  let next = snapshot.store.epoch;
  for (const item of items) {
    const store: StoreRow = { ...snapshot.store, epoch: next };
    const sealed = await reportSealError(changeFor(item, { ...snapshot, store }, page), (fault) => {
      page.failed.push(item.resource);
      deps.reportRow({ resource: item.resource, ...fault });
    });
    if (sealed === undefined) continue;
    changes.push(sealed);
    if (item.raisesEpoch) next += 1;
  }
  if (changes.length === 0) return;
  const { revisions, snapshot: after } = await deps.store.commitEach(changes, {}, deps.attempts.deadline);
  const won = revisions.filter((revision) => revision !== undefined).length;
  page.rewrapped += won;
  page.lost += changes.length - won;
  // The next rows are signed together with this state of the store.
  await verifyStore(deps.ring, after);
  const { store, newest, keys, now } = after;
  page.snapshot = { ...snapshot, store, newest, keys, now };
}

async function changeFor(item: Item, snapshot: AnySnapshot, { deps, request }: Page): Promise<Change> {
  const { caller, traceId } = request;
  const { resource, tail } = item;
  const { ring, randomBytes } = deps;
  const place = { writeId: await writeIdOf(caller, undefined, randomBytes), seq: (tail?.seq ?? 0) + 1, ring };
  const { store, now } = snapshot;
  const verdict = await item.rewrap({ ...place, store, randomBytes, now });
  const write = {
    caller,
    traceId,
    action: REWRAP,
    resource,
    request: { label: "request", fields: ["rewrap", resource, ring.primary.id] },
  };
  return await buildChange(verdict, { write, place, tail, snapshot });
}

function queryOf({ kind, after }: Cursor, page: { readonly keyId: string; readonly limit: number }): Query {
  switch (kind) {
    case "secret":
      return { outdatedSecrets: { ...page, after } };
    case "policy":
      return { outdatedPolicies: { ...page, after } };
    case "bundle":
      return { outdatedBundles: { ...page, after } };
    case "deletion":
      return { outdatedDeletions: { ...page, after } };
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
        raisesEpoch: false,
        async rewrap(input) {
          const { change, version, now } = await rewrapSecret(view, input);
          return { ok: true, change: { secret: change }, outcome: { version }, now };
        },
      }));
    case "policy":
      return page(snapshot.outdatedPolicies, (view) => ({
        ...itemOf("policy", view.row?.name, view.row?.keyId),
        tail: view.tail,
        raisesEpoch: true,
        async rewrap(input) {
          const { change, now } = await rewrapPolicy(view, input);
          return { ok: true, change: { policy: change }, authority: input.store, outcome: {}, now };
        },
      }));
    case "bundle":
      return page(snapshot.outdatedBundles, (view) => ({
        ...itemOf("bundle", view.row?.trustDomain, view.row?.keyId),
        tail: view.tail,
        raisesEpoch: true,
        async rewrap(input) {
          const { change, outcome } = await rewrapBundle(view, input);
          return { ok: true, change: { bundle: change }, authority: input.store, outcome, now: input.now };
        },
      }));
    case "deletion":
      return page(snapshot.outdatedDeletions, deletionItem);
  }
}

function itemOf(kind: string, name = "", keyId = ""): Pick<Item, "resource" | "position"> {
  return { resource: `${kind}:${name}`, position: { keyId, name } };
}

/** The absence of a row is proved by its newest audit entry, so that entry is written again under the first key. */
function deletionItem(tail: AuditRow): Item {
  const { resource, keyId } = tail;
  return {
    resource,
    position: { keyId, name: resource },
    tail,
    raisesEpoch: true,
    async rewrap({ ring, store, now }) {
      await verifyEntry(ring, store, tail);
      if (!isDeletion(tail)) throw new SealError("inconsistent", `row of "${resource}" is missing`);
      return { ok: true, change: {}, authority: store, outcome: STILL_DELETED, now };
    },
  };
}
