import { describe, expect, it } from "vitest";
import { digestOf, encodeNode, noChild } from "../commit/authority/node.ts";
import { slotOf, toSlot } from "../commit/authority/slot.ts";
import { AuthorityTrie } from "../commit/authority/trie.ts";
import { emptyState } from "../store/memory/memory-store.ts";
import type { State } from "../store/memory/state.ts";
import { levelOf } from "../store/memory/walk-parts.ts";
import type { PolicyRow } from "../store/rows.ts";
import { missingRoot, verifyLevel } from "./verify-level.ts";

const EMPTY_LEAF = encodeNode({ kind: "leaf", entries: [] });

/** A store with policies `p0` and so on, of which only what the trie needs is stored. */
function storeWith(count: number): State {
  const state = emptyState("s");
  const names = Array.from({ length: count }, (_, n) => `p${n}`);
  for (const name of names) {
    state.policies.set(name, { name, slot: slotOf(`policy:${name}`).prefix } as PolicyRow);
  }
  const member = new Uint8Array(16).fill(7);
  setTrie(state, AuthorityTrie.of(names.map((name) => ({ slot: slotOf(`policy:${name}`), member }))));
  return state;
}

function setTrie(state: State, trie: AuthorityTrie): void {
  for (const { id, content } of trie.changes) state.nodes.set(id, content);
  state.store = { ...state.store, authority: trie.root };
}

/** Verifies all depths, `limit` nodes at a time. */
function verify(state: State, limit = Infinity) {
  const problems: string[] = [];
  const unreachable: number[] = [];
  for (let depth = 0; depth <= 12; depth += 1) {
    for (let after = 0; ;) {
      const level = levelOf(state, { after, depth, limit });
      const report = verifyLevel(state.store, level);
      problems.push(...report.problems.map(({ resource, kind, detail }) => `${resource} ${kind}: ${detail}`));
      unreachable.push(...report.unreachable);
      const last = level.nodes.rows.at(-1);
      if (last === undefined || !level.nodes.more) break;
      after = last.id;
    }
  }
  return { problems, unreachable };
}

const other = (id: number): string =>
  `node:${id} damaged_node: node ${id} of the authority trie is not the one that the store row leads to`;
const missing = (id: number): string => `node:${id} damaged_node: node ${id} of the authority trie is missing`;
const lost = (id: number, rows: string): string =>
  `node:${id} lost_row: node ${id} of the authority trie contains ${rows} no row`;

describe("the nodes of", () => {
  it.each([0, 1, 8, 9, 40, 200])("a trie with %i rows are right", (count) => {
    const state = storeWith(count);
    expect(verify(state)).toEqual({ problems: [], unreachable: [] });
    expect(verify(state, 1)).toEqual({ problems: [], unreachable: [] });
  });

  it("a trie are reported once, whichever is damaged or missing", () => {
    const honest = storeWith(40);
    const root = honest.nodes.get(1)!;
    expect(honest.nodes.size).toBeGreaterThan(8);
    for (const id of honest.nodes.keys()) {
      const contents = [Uint8Array.of(0), Uint8Array.of(7), ...(id === 1 ? [] : [root])];
      for (const content of contents) {
        const state = { ...honest, nodes: new Map(honest.nodes).set(id, content) };
        expect(verify(state)).toEqual({ problems: [other(id)], unreachable: [] });
        expect(verify(state, 1)).toEqual({ problems: [other(id)], unreachable: [] });
      }
      const state = { ...honest, nodes: new Map(honest.nodes) };
      state.nodes.delete(id);
      expect(verify(state).problems).toEqual(id === 1 ? [] : [missing(id)]);
    }
  });

  it("another trie are reported at the root", () => {
    const state = storeWith(100);
    state.store = { ...state.store, authority: digestOf(Uint8Array.of(1)) };
    expect(verify(state)).toEqual({ problems: [other(1)], unreachable: [] });
  });
});

describe("a leaf", () => {
  it("names the number of its rows that are missing", () => {
    const state = storeWith(8);
    state.policies.delete("p3");
    expect(verify(state)).toEqual({ problems: [lost(1, "a policy or trust bundle that has")], unreachable: [] });
    state.policies.delete("p4");
    expect(verify(state).problems).toEqual([lost(1, "2 policies or trust bundles that have")]);
  });

  it("is not satisfied by a row in another slot", () => {
    const state = storeWith(2);
    const row = state.policies.get("p1")!;
    state.policies.delete("p1");
    state.policies.set("q", { ...row, name: "q" });
    expect(verify(state).problems).toEqual([lost(1, "a policy or trust bundle that has")]);
  });

  it("is checked with the rows that the load returned", () => {
    const state = storeWith(1);
    const level = levelOf(state, { after: 0, depth: 0, limit: 1 });
    const bundle = slotOf("bundle:x.org");
    setTrie(state, AuthorityTrie.of([{ slot: bundle, member: new Uint8Array(16) }]));
    const nodes = levelOf(state, { after: 0, depth: 0, limit: 1 }).nodes;
    const found = (rows: readonly string[]) =>
      verifyLevel(state.store, { ...level, nodes, resources: { rows, more: false } }).problems.length;
    expect([found(["bundle:x.org"]), found(["policy:x.org"]), found([])]).toEqual([0, 1, 1]);
  });
});

describe("a node that nothing leads to", () => {
  it("is unreachable, with all nodes below it", () => {
    const state = storeWith(100);
    const free = [4, 5, 6, 7].flatMap((id) => [0, 1, 2, 3].map((n) => 4 * id + n)).find((id) => !state.nodes.has(id));
    const kept = [...state.nodes.keys()];
    // Below a leaf.
    const leaf = [...state.nodes].find(([, content]) => content[0] === 0)![0];
    state.nodes.set(4 * leaf, EMPTY_LEAF);
    state.nodes.set(16 * leaf, EMPTY_LEAF);
    const added = free === undefined ? [] : [free];
    for (const id of added) state.nodes.set(id, EMPTY_LEAF);
    expect(verify(state)).toEqual({
      problems: [],
      unreachable: [...state.nodes.keys()].filter((id) => !kept.includes(id)).toSorted((a, b) => a - b),
    });
  });

  it("is unreachable below a child that does not exist", () => {
    const state = emptyState("s");
    const entry = { slot: toSlot(new Uint8Array(8)), member: new Uint8Array(16).fill(1) };
    const leaf = encodeNode({ kind: "leaf", entries: [entry] });
    const root = encodeNode({ kind: "inner", children: [digestOf(leaf), noChild(), digestOf(EMPTY_LEAF), noChild()] });
    state.nodes.set(1, root).set(4, leaf).set(5, EMPTY_LEAF).set(20, EMPTY_LEAF);
    state.store = { ...state.store, authority: digestOf(root) };
    // An empty leaf need not be stored.
    expect(verify(state)).toEqual({ problems: [lost(4, "a policy or trust bundle that has")], unreachable: [5, 20] });
    state.nodes.set(6, EMPTY_LEAF).set(24, EMPTY_LEAF);
    expect(verify(state)).toEqual({
      problems: [lost(4, "a policy or trust bundle that has")],
      unreachable: [5, 20, 24],
    });
    state.nodes.delete(6);
    expect(verify(state).unreachable).toEqual([5, 20, 24]);
    state.nodes.set(6, leaf);
    expect(verify(state).problems).toEqual([lost(4, "a policy or trust bundle that has"), other(6)]);
    expect(verify(state).unreachable).toEqual([5, 20, 24]);
  });
});

it("a root may be missing only in a store without rows", () => {
  const { store } = emptyState("s");
  expect(missingRoot(store)).toEqual([]);
  expect(missingRoot({ ...store, authority: noChild() })).toEqual([]);
  expect(missingRoot(storeWith(1).store)).toEqual([
    { resource: "node:1", kind: "damaged_node", detail: "node 1 of the authority trie is missing" },
  ]);
});
