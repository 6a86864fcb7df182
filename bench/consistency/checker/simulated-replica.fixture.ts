import type { Exchange, History, Operation, Result } from "../history/history.ts";
import type { Random } from "../random.ts";
import { ReferenceStore } from "./reference-store.fixture.ts";

/** Worker 1 reads from the replica. */
export const REPLICA_FACTS = {
  routes: ["primary", "replica-reads", "replica-writes"],
  maxStalenessMs: 15,
  stalenessToleranceMs: 5,
  hasBookmarks: true,
} as const satisfies Partial<History>;

/** A replica that lags as much as the bound and the bookmarks allow, and the bookmarks of the clients. */
export class SimulatedReplica {
  readonly #random: Random;
  /** The store at each revision, and when it was committed. */
  readonly #states: { readonly at: number; readonly store: ReferenceStore }[];
  readonly #bookmarks = new Map<number, number>();

  constructor(empty: ReferenceStore, random: Random) {
    this.#random = random;
    this.#states = [{ at: -Infinity, store: copy(empty) }];
  }

  commit(at: number, store: ReferenceStore): void {
    this.#states.push({ at, store: copy(store) });
  }

  /** Two of three clients send bookmarks. */
  sentBookmark(client: number): { readonly sentBookmark?: number } {
    return client % 3 === 0 ? {} : { sentBookmark: this.#bookmarks.get(client) ?? 0 };
  }

  keep(client: number, revision: number): void {
    this.#bookmarks.set(client, Math.max(revision, this.#bookmarks.get(client) ?? 0));
  }

  /** A read from the replica. Undefined if the primary must decide. */
  read(
    { caller, request }: Operation,
    { worker, invokedAt, sentBookmark = 0 }: Exchange,
  ): { readonly status: number; readonly result?: Result; readonly revision: number } | undefined {
    if (REPLICA_FACTS.routes[worker] !== "replica-reads") return undefined;
    const since = invokedAt - REPLICA_FACTS.maxStalenessMs - REPLICA_FACTS.stalenessToleranceMs;
    const oldest = Math.max(
      sentBookmark,
      this.#states.findLastIndex(({ at }) => at < since),
    );
    const revision = oldest + this.#random.below(this.#states.length - oldest);
    const decision = this.#states[revision]?.store.decide(caller, request);
    return decision === undefined || "commit" in decision || decision.status !== 200
      ? undefined
      : { ...decision, revision };
  }
}

function copy(store: ReferenceStore): ReferenceStore {
  return new ReferenceStore(store.maxVersions, store);
}
