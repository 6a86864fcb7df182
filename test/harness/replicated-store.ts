import { emptyState, memoryStore } from "../../src/store/memory/memory-store.ts";
import type { State } from "../../src/store/memory/state.ts";
import type { BulkStore, Query, Replica } from "../../src/store/store.ts";

export const REPLICATED_STORE_ID = "0123456789abcdef0123456789abcdef";

/** A primary that can be set back, with a replica that shows an earlier state, or any other one that the test sets. */
export class ReplicatedStore {
  readonly state = emptyState(REPLICATED_STORE_ID);
  /** The clock of both. */
  now = Date.now();
  /** How long a load from the primary takes. */
  loadMs = 0;
  /** Number of loads from the replica. */
  near = 0;
  /** Requests to the primary. */
  far: string[] = [];
  /** What the replica shows. */
  seen: State = structuredClone(this.state);
  hasReplica = true;
  beforeLoad: ((query: Query) => Promise<unknown>) | undefined;
  beforeNear: ((query: Query) => void) | undefined;
  /** Replaces the next loads of the replica. */
  answer: ((query: Query, signal: AbortSignal) => Promise<never>) | undefined;
  readonly store: BulkStore;

  constructor() {
    const storeOf = (state: State): BulkStore =>
      memoryStore({ storeId: REPLICATED_STORE_ID, now: () => this.now, state });
    const primary = storeOf(this.state);
    const replica: Replica = {
      load: async (query, signal) => {
        this.near += 1;
        this.beforeNear?.(query);
        return await (this.answer?.(query, signal) ?? storeOf(this.seen).load(query, signal));
      },
    };
    const current = (): Replica | undefined => (this.hasReplica ? replica : undefined);
    this.store = {
      get replica() {
        return current();
      },
      load: async (query, signal) => {
        this.far.push("load");
        this.now += this.loadMs;
        await this.beforeLoad?.(query);
        return await primary.load(query, signal);
      },
      commit: async (change, query, signal) => {
        this.far.push("commit");
        return await primary.commit(change, query, signal);
      },
      commitEach: async (changes, query, signal) => await primary.commitEach(changes, query, signal),
    };
  }

  copy(): State {
    return structuredClone(this.state);
  }

  /** Sets the primary back. */
  restore(to: State): void {
    Object.assign(this.state, structuredClone(to));
  }

  /** Shows the primary's state at the replica. */
  catchUp(): void {
    this.seen = this.copy();
  }
}
