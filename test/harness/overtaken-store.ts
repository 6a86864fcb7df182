import type { Store } from "../../src/store/store.ts";

/** Runs `first` before the next commit is applied: another request is faster. */
export function overtaken(store: Store): { readonly store: Store; by(first: () => Promise<unknown>): void } {
  let pending: (() => Promise<unknown>) | undefined;
  return {
    by: (first) => void (pending = first),
    store: {
      load: async (query, signal) => await store.load(query, signal),
      async commit(change, query, signal) {
        const first = pending;
        pending = undefined;
        await first?.();
        return await store.commit(change, query, signal);
      },
    },
  };
}
