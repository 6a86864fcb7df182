import { type AcceptedWrite, buildChange, type ResealInput } from "../commit/audited-write.ts";
import { verifyEntry } from "../commit/entry.ts";
import { isDeletion, REWRAP, STILL_DELETED } from "../commit/row-validity.ts";
import { verifyStore, writingRing } from "../commit/store-row.ts";
import { writeIdOf } from "../commit/write-id.ts";
import { rewrapPolicy } from "../policy/rewrap.ts";
import { SealError } from "../seal/seal-error.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { rewrapSecret } from "../secret/rewrap.ts";
import { load } from "../store/load.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Query } from "../store/store.ts";
import { rewrapBundle } from "../trust/rewrap.ts";
import { type Cursor, startAfter } from "./cursor.ts";
import type { RotationResult } from "./failure.ts";
import type { RotationDeps } from "./deps.ts";

/** Rows that one page takes at most. */
export const MAX_ROWS = 100;

/** Commits that go to the database at a time: others wait for it as long as these take. */
const AT_A_TIME = 25;

interface Rewrapped {
  /** The key that rows were put under. */
  readonly primary: string;
  readonly rewrapped: number;
  /** Rows that somebody else changed meanwhile. Another walk finds those of them that are still under another key. */
  readonly lost: number;
  /** Resources that do not verify, and stay as they are. */
  readonly failed: readonly string[];
  readonly next: Cursor | undefined;
  readonly revision: number;
}

/**
 * Puts rows under the ring's first key, from `cursor` on and `limit` at most, beside all other traffic: each is a commit of
 * its own with an audit entry, which wins only if nobody changed the row since it was loaded. Values are not opened.
 *
 * Carried on, or begun again, wherever it stopped: rows under the first key are not looked at. 5 round trips a page at most.
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
  const query = { ...deps.access.query, ...queryOf(cursor, { keyId: primary.id, limit }) };
  const snapshot = await load(deps.store, query, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return { ok: false, failure: { code: "denied" } };
  if (snapshot.store.revision > 0 && writingRing(deps.ring, snapshot).primary !== primary) {
    return { ok: false, failure: { code: "key_not_registered" } };
  }
  const items = itemsOf(cursor, snapshot, primary.id);
  const page: Page = { deps, request, snapshot, failed: [], rewrapped: 0, lost: 0 };
  for (let start = 0; start < items.length; start += AT_A_TIME) {
    await commitSome(page, items.slice(start, start + AT_A_TIME));
  }
  const { rewrapped, lost, failed } = page;
  const { revision } = page.snapshot.store;
  const last = items.at(-1);
  const next =
    last !== undefined && items.length === limit ? { ...cursor, after: last.place } : startAfter(cursor.kind);
  return { ok: true, answer: { primary: primary.id, rewrapped, lost, failed, next, revision } };
}

/** What becomes of a page while it is committed. */
interface Page {
  readonly deps: RotationDeps;
  readonly request: { readonly caller: string; readonly traceId: string };
  /** What the next rows are decided on: the store as the commit before left it, whoever else had committed until then. */
  snapshot: AnySnapshot;
  readonly failed: string[];
  rewrapped: number;
  lost: number;
}

/** A row to be put under the first key. */
interface Item {
  readonly resource: string;
  readonly place: Cursor["after"];
  readonly tail: AuditRow | undefined;
  readonly raisesEpoch: boolean;
  rewrap(place: ResealInput): Promise<AcceptedWrite<object>>;
}

/**
 * Commits these in one round trip. Those that raise the epoch are decided one on the other: each names the epoch that the one
 * before it leads to, and if that one loses, so do the rest.
 */
async function commitSome(page: Page, items: readonly Item[]): Promise<void> {
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
  // The next rows are signed together with what this says of the store.
  await verifyStore(deps.ring, after);
  const { store, newest, now } = after;
  page.snapshot = { ...snapshot, store, newest, now };
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
    case "store":
      return { chain: { resource: "store" } };
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

function itemsOf({ kind }: Cursor, snapshot: AnySnapshot, primary: string): readonly Item[] {
  switch (kind) {
    case "store":
      return snapshot.store.keyId === null || snapshot.store.keyId === primary
        ? []
        : [storeItem(snapshot.store.keyId, snapshot.chain?.tail)];
    case "secret":
      return (snapshot.outdatedSecrets ?? []).map((view) => ({
        ...itemOf("secret", view.head?.path, view.head?.keyId),
        tail: view.tail,
        raisesEpoch: false,
        async rewrap(place) {
          const { change, version, now } = await rewrapSecret(view, place);
          return { ok: true, change: { secret: change }, outcome: { version }, now };
        },
      }));
    case "policy":
      return (snapshot.outdatedPolicies ?? []).map((view) => ({
        ...itemOf("policy", view.row?.name, view.row?.keyId),
        tail: view.tail,
        raisesEpoch: true,
        async rewrap(place) {
          const { change, now } = await rewrapPolicy(view, place);
          return { ok: true, change: { policy: change }, authority: place.store, outcome: {}, now };
        },
      }));
    case "bundle":
      return (snapshot.outdatedBundles ?? []).map((view) => ({
        ...itemOf("bundle", view.row?.trustDomain, view.row?.keyId),
        tail: view.tail,
        raisesEpoch: true,
        async rewrap(place) {
          const { change, outcome } = await rewrapBundle(view, place);
          return { ok: true, change: { bundle: change }, authority: place.store, outcome, now: place.now };
        },
      }));
    case "deletion":
      return (snapshot.outdatedDeletions ?? []).map(deletionItem);
  }
}

function itemOf(kind: string, name = "", keyId = ""): Pick<Item, "resource" | "place"> {
  return { resource: `${kind}:${name}`, place: { keyId, name } };
}

/** The store row alone: registering its key has signed it, unless the ring's order was changed since. */
function storeItem(keyId: string, tail: AuditRow | undefined): Item {
  return {
    resource: "store",
    place: { keyId, name: "store" },
    tail,
    raisesEpoch: true,
    rewrap: async ({ store, now }) =>
      await Promise.resolve({ ok: true, change: {}, authority: store, outcome: {}, now }),
  };
}

/** A name without a row is judged by its newest entry: that one is written anew. */
function deletionItem(tail: AuditRow): Item {
  const { resource, keyId } = tail;
  return {
    resource,
    place: { keyId, name: resource },
    tail,
    raisesEpoch: true,
    async rewrap({ ring, store, now }) {
      await verifyEntry(ring, store, tail);
      if (!isDeletion(tail)) throw new SealError("inconsistent", `row of "${resource}" is missing`);
      return { ok: true, change: {}, authority: store, outcome: STILL_DELETED, now };
    },
  };
}
