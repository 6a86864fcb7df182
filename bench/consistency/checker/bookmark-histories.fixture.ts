import type { AnomalyKind } from "./anomaly.ts";
import type { HistoryBuilder } from "./history-builder.fixture.ts";

/** A history with one anomaly, and the same history without it. */
export interface FaultyHistory {
  readonly kind: AnomalyKind;
  readonly title: string;
  readonly maxVersions?: number;
  readonly build: (history: HistoryBuilder, faulty: boolean) => void;
}

const own = "team/red/a";
const red = { caller: "red", client: 2 };
/** The worker that reads from a replica. */
const replica = { worker: 1, client: 2 };

/** Worker 1 reads from a replica that is at most a second behind. */
function withReplica(history: HistoryBuilder): void {
  history.facts({ routes: ["primary", "replica-reads"], maxStalenessMs: 1000, hasBookmarks: false });
}

/** Of bookmarks and of reads from replicas. */
export const BOOKMARK_HISTORIES: readonly FaultyHistory[] = [
  {
    kind: "below_bookmark",
    title: "a replica answers below the bookmark of the request",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@1", { ...replica, sent: faulty ? 2 : 1, received: faulty ? 2 : 1 });
    },
  },
  {
    kind: "below_bookmark",
    title: "a list from a replica lacks a path that the bookmark includes",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.put("b", 1);
      history.list("", ["a"], { ...replica, sent: faulty ? 2 : 0 });
    },
  },
  {
    kind: "below_bookmark",
    title: "a read at the primary is below the bookmark, which is ahead of every response so far",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { at: [20, 100] });
      history.get("a", 0, "a@1", { client: 2, at: [30, 40], sent: faulty ? 2 : 1 });
    },
  },
  {
    kind: "beyond_bound",
    title: "a replica answers with a value that was replaced before the bound",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.put("a", 2, { at: [20, 30] });
      history.get("a", 0, "a@1", { ...replica, at: faulty ? [1031, 1040] : [1030, 1040] });
    },
  },
  {
    kind: "beyond_bound",
    title: "metadata from a replica lacks a deletion from before the bound",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.delete("a", [], 0);
      const at: [number, number] = faulty ? [5000, 5010] : [100, 110];
      history.metadata("a", { current: 1, oldest: 1, versions: [[1, 1]] }, { ...replica, at });
    },
  },
  {
    kind: "beyond_bound",
    title: "the tolerance is smaller than the age of the response",
    build: (history, faulty) => {
      withReplica(history);
      history.facts({ stalenessToleranceMs: faulty ? 3000 : 4000 });
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@1", { ...replica, at: [5000, 5010] });
    },
  },
  {
    kind: "right_beyond_bound",
    title: "a replica serves a workload whose policy was deleted before the bound",
    build: (history, faulty) => {
      withReplica(history);
      history.put(own, 1);
      history.grant("red", ["read"]);
      history.revoke("red");
      history.get(own, 0, `${own}@1`, { ...red, worker: 1, at: faulty ? [2000, 2010] : [100, 110] });
    },
  },
  {
    kind: "right_beyond_bound",
    title: "a replica lists for a workload whose policy was narrowed before the bound",
    build: (history, faulty) => {
      withReplica(history);
      history.grant("red", ["list"]);
      history.grant("red", ["read"]);
      history.list("team/red/", [], { ...red, worker: 1, at: faulty ? [2000, 2010] : [100, 110] });
    },
  },
  {
    kind: "non_monotonic_read",
    title: "a replica answers a client with bookmarks below its earlier read",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@2", { ...replica, sent: 0, received: 2 });
      history.get("a", 0, "a@1", { ...replica, ...(faulty && { sent: 0 }) });
    },
  },
  {
    kind: "missed_own_write",
    title: "a replica answers a client with bookmarks below its own write",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      history.put("a", 2, { client: 2, received: 2 });
      history.get("a", 0, "a@1", { ...replica, ...(faulty && { sent: 1 }) });
    },
  },
  {
    kind: "stale_read",
    title: "a worker that only writes through a replica answers a read from the replica",
    build: (history, faulty) => {
      history.facts({ routes: ["primary", faulty ? "replica-writes" : "replica-reads"], maxStalenessMs: 1000 });
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@1", replica);
    },
  },
  {
    kind: "stale_read",
    title: "a worker whose database is a replica answers from that replica",
    build: (history, faulty) => {
      history.facts({ routes: ["primary", faulty ? "through-replica" : "replica-reads"], maxStalenessMs: 1000 });
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@1", replica);
    },
  },
  {
    kind: "granted_denied",
    title: "a replica that lacks a grant denies a read",
    build: (history, faulty) => {
      withReplica(history);
      history.grant("red", faulty ? ["read"] : ["list"]);
      history.get(own, 0, 401, { ...red, worker: 1 });
    },
  },
  {
    kind: "lost_write",
    title: "a replica that lacks a secret answers 404",
    build: (history, faulty) => {
      withReplica(history);
      if (faulty) history.put("a", 1);
      history.get("a", 0, 404, replica);
    },
  },
  {
    kind: "false_conflict",
    title: "a replica that lacks a version answers 409",
    build: (history, faulty) => {
      withReplica(history);
      history.put("a", 1);
      if (faulty) history.put("a", 2);
      history.put("a", 3, { ...replica, cas: 2, status: 409 });
    },
  },
  {
    kind: "missing_bookmark",
    title: "an acknowledged write gets no bookmark",
    build: (history, faulty) => {
      history.facts({ hasBookmarks: true });
      history.put("a", 1, faulty ? {} : { received: 1 });
    },
  },
  {
    kind: "missing_bookmark",
    title: "a read that requests a bookmark gets none",
    build: (history, faulty) => {
      history.facts({ hasBookmarks: true });
      history.list("", [], faulty ? { sent: 0 } : {});
    },
  },
  {
    kind: "wrong_bookmark",
    title: "a read that requests no bookmark gets one",
    build: (history, faulty) => {
      history.facts({ hasBookmarks: true });
      history.list("", [], { received: 0, ...(!faulty && { sent: 0 }) });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "a caller who is denied gets a bookmark",
    build: (history, faulty) => {
      history.facts({ hasBookmarks: true });
      history.get(own, 0, 401, { ...red, sent: 0, ...(faulty && { received: 0 }) });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "the bookmark of a write is below the write",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { received: faulty ? 1 : 2 });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "the bookmark of a read is below the value that was read",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, "a@2", { sent: 0, received: faulty ? 1 : 2 });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "the bookmark of a read has a revision at which the value was replaced",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { at: [100, 200] });
      history.get("a", 0, "a@1", { at: [110, 120], sent: 0, received: faulty ? 2 : 1 });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "the bookmark of a response is below that of the request",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("b", 1);
      history.get("a", 0, "a@1", { ...(faulty && { sent: 2 }), received: 1, at: [11, 100], client: 2 });
    },
  },
  {
    kind: "wrong_bookmark",
    title: "a bookmark is ahead of all commits before its response",
    build: (history, faulty) => {
      history.put("a", 1, { received: faulty ? 2 : 1 });
      history.put("b", 1);
    },
  },
  {
    kind: "stale_read",
    title: "a read is older than a bookmark that another client had received",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { at: [20, 100] });
      history.list("b", [], { at: [30, 40], sent: 0, received: faulty ? 2 : 1 });
      history.get("a", 0, "a@1", { at: [50, 60], client: 2 });
    },
  },
  {
    kind: "refused_bookmark",
    title: "a bookmark of this store is refused as one of another store",
    build: (history, faulty) => {
      history.put("a", 1);
      const refused = { status: 409, bookmarkError: "other_store" } as const;
      history.put("a", 2, { sent: 1, ...(faulty ? refused : {}) });
    },
  },
  {
    kind: "refused_bookmark",
    title: "a database that has reached a bookmark is called behind",
    build: (history, faulty) => {
      history.put("a", 1);
      history.facts({ faults: faulty ? ["delay"] : ["delay", "stale-load"] });
      history.get("a", 0, 503, { sent: 1, bookmarkError: "store_behind" });
    },
  },
  {
    kind: "refused_bookmark",
    title: "a database that was not set back is called set back",
    build: (history, faulty) => {
      history.put("a", 1);
      history.get("a", 0, faulty ? 500 : 503, { sent: 1, ...(faulty && { bookmarkError: "store_went_back" }) });
    },
  },
];
