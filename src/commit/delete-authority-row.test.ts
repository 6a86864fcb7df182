import { beforeEach, describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { KEY_A, ringOf } from "../../test/harness/service.ts";
import { POLICIES } from "../policy/policies.ts";
import { putPolicy } from "../policy/put.ts";
import { computeMac } from "../seal/mac.ts";
import type { SealFault } from "../seal/seal-error.ts";
import { UNRESTRICTED } from "../store/access.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { AnySnapshot, Change, Query, Store } from "../store/store.ts";
import { AuthorityTrie } from "./authority/trie.ts";
import { deleteAuthorityRow } from "./delete-authority-row.ts";
import type { WriteDeps } from "./deps.ts";
import { describeState } from "./store-row.ts";

const never = new AbortController().signal;
const EMPTY_ROOT = AuthorityTrie.of([]).root;

let inner: Store;
/** Alters what the store returns. */
let alter: (snapshot: AnySnapshot) => AnySnapshot;
let commits: Change[];
let queries: Query[];
let reports: SealFault[];
let deps: WriteDeps;
beforeEach(async () => {
  inner = memoryStore({ storeId: "s", now: Date.now });
  alter = (snapshot) => snapshot;
  [commits, queries, reports] = [[], [], []];
  const store: Store = {
    async load(query, signal) {
      queries.push(query);
      return alter(await inner.load(query, signal)) as never;
    },
    async commit(change, query, signal) {
      commits.push(change);
      return await inner.commit(change, query, signal);
    },
  };
  deps = {
    store,
    ring: await ringOf(KEY_A),
    attempts: PATIENT,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    access: UNRESTRICTED,
  };
  const origin = { caller: "spiffe://spike.ist/x", idempotencyKey: undefined, traceId: "t" };
  const rules = { spiffeIdPattern: "^spiffe://spike\\.ist/w$", pathPattern: "^a/", permissions: ["read"] };
  const putDeps = { ...deps, store: inner, reportPolicy: () => undefined };
  for (const name of ["p", "q"]) {
    expect(await putPolicy(putDeps, { ...origin, ...rules, name, cas: undefined })).toMatchObject({ ok: true });
  }
});

const remove = async (options: { readonly name?: string; readonly cas?: number; readonly key?: string } = {}) => {
  const { name = "p", cas, key } = options;
  const origin = { caller: "spiffe://spike.ist/x", idempotencyKey: key, traceId: "t" };
  return await deleteAuthorityRow(POLICIES, deps, { ...origin, name, cas, report: (fault) => reports.push(fault) });
};
const stored = async () => {
  const query = { policies: { after: "", limit: 9 }, audit: { after: 0, limit: 9 } } as const;
  const { policies, audit, store } = await inner.load(query, never);
  return { names: policies.rows.map(({ name }) => name), entry: audit.rows.at(-1), count: audit.rows.length, store };
};
const withRow = (change: object) => {
  alter = (snapshot) => ({ ...snapshot, policy: { row: { ...snapshot.policy!.row!, ...change } } });
};

describe("deleting an authority row", () => {
  it("removes the row and its member, and adds an audit entry", async () => {
    expect(await remove()).toEqual({ ok: true, answer: { revision: 3 } });
    const { names, entry, store } = await stored();
    expect(names).toEqual(["q"]);
    expect(entry).toMatchObject({ action: "delete", resource: "policy:p", seq: 2, outcome: "{}" });
    expect(entry?.leadsTo).toBe(describeState(store));
    const request = { label: "request", fields: ["policy.delete", "p", null] };
    expect(entry?.request).toEqual(await computeMac(deps.ring.primary, request));
    expect(store).toMatchObject({ epoch: 3, revision: 3 });
    expect(queries).toMatchObject([{ policy: { name: "p" }, chain: { resource: "policy:p" } }]);
    expect(commits).toMatchObject([{ tail: 1, policy: { kind: "remove", seen: 1, name: "p" } }]);
    await remove({ name: "q" });
    expect((await stored()).store.authority).toEqual(EMPTY_ROOT);
    expect(reports).toEqual([]);
  });

  it("finds nothing under a name without a row", async () => {
    expect(await remove({ name: "x" })).toEqual({ ok: false, failure: { code: "not_found" } });
    await remove();
    expect(await remove({ cas: 0 })).toEqual({ ok: false, failure: { code: "not_found" } });
    expect(commits).toHaveLength(1);
  });

  it.each([
    [1, true],
    [undefined, true],
    [0, false],
    [2, false],
  ])("compares the row version with cas %s: %s", async (cas, ok) => {
    const result = await remove(cas === undefined ? {} : { cas });
    expect(result).toEqual(ok ? { ok, answer: { revision: 3 } } : { ok, failure: { code: "version_conflict" } });
    expect((await stored()).names).toEqual(ok ? ["q"] : ["p", "q"]);
  });

  it("repeated under its idempotency key returns the first answer, if name and cas are the same", async () => {
    const first = { ok: true, answer: { revision: 3 } };
    expect(await remove({ key: "k", cas: 1 })).toEqual(first);
    expect(await remove({ key: "k", cas: 1 })).toEqual(first);
    for (const other of [{}, { cas: 2 }, { cas: 1, name: "q" }]) {
      expect(await remove({ key: "k", ...other })).toEqual({ ok: false, failure: { code: "idempotency_key_reused" } });
    }
    expect(commits).toHaveLength(1);
  });

  it("removes a row that does not verify, whatever its version, and reports it (H11)", async () => {
    withRow({ sealed: new Uint8Array(40), version: 2 });
    expect(await remove({ cas: 2 })).toEqual({ ok: true, answer: { revision: 3 } });
    expect(commits).toMatchObject([{ policy: { kind: "remove", seen: null, name: "p" } }]);
    expect(reports).toMatchObject([{ reason: "seal_inconsistent" }]);
    expect((await stored()).names).toEqual(["q"]);
  });

  it("removes the member of a row that was lost (H11)", async () => {
    alter = (snapshot) => ({ ...snapshot, policy: { row: undefined } });
    expect(await remove({ cas: 1 })).toEqual({ ok: false, failure: { code: "version_conflict" } });
    expect(await remove({ cas: 0 })).toEqual({ ok: true, answer: { revision: 3 } });
    expect(commits).toHaveLength(1);
    expect(commits[0]).not.toHaveProperty("policy");
    expect(reports.at(-1)).toEqual({ reason: "seal_inconsistent", detail: 'policy "p" is missing' });
    expect(await remove()).toEqual({ ok: false, failure: { code: "not_found" } });
  });

  it("fails if the store did not load the row", async () => {
    alter = (snapshot) => ({ ...snapshot, policy: undefined });
    await expect(remove()).rejects.toThrow(new TypeError('Cannot delete policy "p": the store did not load it'));
    expect(commits).toEqual([]);
  });
});
