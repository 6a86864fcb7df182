import { authorityIn, withRow } from "../../src/commit/authority-row.ts";
import { signState } from "../../src/commit/store-row.ts";
import { POLICIES } from "../../src/policy/policies.ts";
import type { PolicyRules } from "../../src/policy/policy.ts";
import { sealPolicy } from "../../src/policy/seal-policy.ts";
import type { Store } from "../../src/store/store.ts";
import { KEY_A, ringOf } from "./service.ts";

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));

interface Replacement {
  readonly rules: PolicyRules;
  readonly prefixes?: { readonly idKey: string; readonly pathKey: string };
  /** Keeps policies that exist as they were put. */
  readonly onlyNew?: boolean;
}

/** A store that replaces the rules of every put policy, after all checks of the put. */
export function replacingRules(inner: Store, { rules, prefixes, onlyNew = false }: Replacement): Store {
  return {
    load: async (query, signal) => await inner.load(query, signal),
    commit: async (change, query, signal) => {
      const { policy, authority } = change;
      if (policy === undefined || policy.kind === "remove" || authority === undefined) {
        return await inner.commit(change, query, signal);
      }
      if (onlyNew && policy.kind === "update") return await inner.commit(change, query, signal);
      const ring = await ringOf(KEY_A);
      const { name } = policy.row;
      const snapshot = await inner.load(POLICIES.query(name), signal);
      const { store } = snapshot;
      const { idTag: _, pathTag: __, sealed: ___, keyId: ____, ...place } = policy.row;
      const row = await sealPolicy(
        { ring, randomBytes },
        { ...rules, ...(prefixes ?? { idKey: "", pathKey: "" }) },
        { storeId: store.storeId, ...place },
      );
      const trie = withRow(POLICIES, authorityIn(snapshot).trie, { name, row });
      const next = { ...store, ...authority, authority: trie.root, epoch: store.epoch + 1 };
      const mac = await signState(ring.primary, next);
      const signed = { ...authority, authority: trie.root, mac, nodes: trie.changes };
      return await inner.commit({ ...change, policy: { ...policy, row }, authority: signed }, query, signal);
    },
  };
}
