import { beforeEach, describe, expect, it } from "vitest";
import { changeSnapshots } from "../../test/harness/change-snapshots.ts";
import { memoryService, type MemoryService, ORIGIN, sealAgain } from "../../test/harness/memory-service.ts";
import { verifyMac } from "../seal/mac.ts";
import type { Query, Store } from "../store/store.ts";
import { FIRST_ROW } from "./cursor.ts";
import { proposeAuthority, rebuildAuthority } from "./rebuild-authority.ts";
import { verifyRows } from "./verify-rows.ts";

const ZEROS = new Uint8Array(32);

let service: MemoryService;
const propose = async (store: Store = service.deps.store) => {
  const outcome = await proposeAuthority({ ...service.deps, store });
  if (!outcome.ok) throw new Error(outcome.failure.code);
  return outcome.answer;
};
const rebuild = async (
  digest: string,
  origin: { readonly idempotencyKey?: string } = {},
  store: Store = service.deps.store,
) => await rebuildAuthority({ ...service.deps, store }, { ...ORIGIN, ...origin, digest });
const problems = async () =>
  (await verifyRows(service.deps, { from: FIRST_ROW, pages: Infinity, maxMs: Infinity })).problems;

/** The store with other snapshots. */
const changed = (change: Parameters<typeof changeSnapshots>[1]): Store => changeSnapshots(service.deps.store, change);

/** The store in pages of `limit` rows. */
function paged(limit: number): Store {
  const { store } = service.deps;
  return {
    ...store,
    async load<Q extends Query>(query: Q, signal: AbortSignal) {
      const { policies, bundles, ...rest } = query;
      const limited = {
        ...rest,
        ...(policies && { policies: { ...policies, limit } }),
        ...(bundles && { bundles: { ...bundles, limit } }),
      };
      return await store.load(limited as Q, signal);
    },
  };
}

beforeEach(async () => {
  service = await memoryService();
  service.clock.database += 5;
  await service.put("a");
  await service.putPolicy("p", "q", "o");
  await service.putBundle("y.org", "x.org");
});

describe("the proposed rows", () => {
  it("are all policies and bundles, by resource, with version and time", async () => {
    const { rows, failed, digest, revision } = await propose();
    expect(rows.map((row) => [row.resource, row.version, row.updatedAt])).toEqual([
      ["bundle:x.org", 6, null],
      ["bundle:y.org", 5, null],
      ["policy:o", 4, service.state.policies.get("o")!.updatedAt],
      ["policy:p", 2, service.state.policies.get("p")!.updatedAt],
      ["policy:q", 3, service.state.policies.get("q")!.updatedAt],
    ]);
    expect([failed, revision]).toEqual([[], 6]);
    expect(digest).toMatch(/^[\w-]{43}$/);
    expect(await propose(paged(1))).toEqual(await propose());
    expect(await propose(paged(2))).toEqual(await propose());
    await service.putPolicy("A");
    let loads = 0;
    const counting = changed(() => ((loads += 1), {}));
    expect((await propose(counting)).rows.map(({ resource }) => resource)).toEqual([
      "bundle:x.org",
      "bundle:y.org",
      "policy:A",
      "policy:o",
      "policy:p",
      "policy:q",
    ]);
    expect(loads).toBe(3);
  });

  it("leave out rows that do not verify", async () => {
    const { policies, bundles } = service.state;
    policies.set("p", { ...policies.get("p")!, sealed: ZEROS });
    policies.set("q", { ...policies.get("q")!, slot: 1 });
    policies.set("o", { ...policies.get("o")!, version: 99 });
    bundles.set("x.org", { ...bundles.get("x.org")!, mac: ZEROS });
    bundles.set("y.org", { ...bundles.get("y.org")!, slot: 1 });
    const { rows, failed } = await propose(paged(1));
    expect(rows).toEqual([]);
    expect(failed).toEqual([
      { resource: "bundle:x.org", kind: "not_authentic", detail: 'MAC of "trust_bundles" does not verify' },
      {
        resource: "bundle:y.org",
        kind: "inconsistent",
        detail: 'bundle of "y.org" has a slot that its name does not lead to',
      },
      {
        resource: "policy:o",
        kind: "inconsistent",
        detail: 'policy "o" has a base, epoch or version that this store cannot have',
      },
      { resource: "policy:p", kind: "unknown_suite", detail: expect.any(String) },
      {
        resource: "policy:q",
        kind: "inconsistent",
        detail: 'policy "q" has a slot that its name does not lead to',
      },
    ]);
  });

  it("have a digest of the epoch, each row and each row that failed", async () => {
    const digests = [(await propose()).digest];
    const { policies } = service.state;
    policies.set("p", { ...policies.get("p")!, slot: 1 });
    digests.push((await propose()).digest);
    policies.delete("p");
    digests.push((await propose()).digest);
    policies.set("q", { ...policies.get("q")!, version: 4 });
    digests.push((await propose()).digest);
    await service.putPolicy("q");
    digests.push((await propose()).digest);
    await service.putPolicy("q");
    digests.push((await propose()).digest);
    expect(new Set(digests).size).toBe(6);
    expect((await propose()).digest).toBe(digests.at(-1));
    // A put of a secret changes nothing.
    await service.put("b");
    expect((await propose()).digest).toBe(digests.at(-1));
  });

  it("have a digest in a fixed format", async () => {
    service = await memoryService();
    expect((await propose()).digest).toBe("FyGoFhH-09pNqCrH0_2UPQ35rR1MA_aAkDwMHI46m6c");
  });

  it("need a verified store row with its newest entry", async () => {
    service.lose(6);
    await expect(propose()).rejects.toMatchObject({ detail: "the newest audit entry, 6, is missing" });
    service.state.store = { ...service.state.store, mac: ZEROS };
    await expect(propose()).rejects.toMatchObject({ reason: "not_authentic" });
  });

  it("are all of one epoch", async () => {
    const later = (part: "policies" | "bundles") =>
      changed(({ store }, query) => (query[part] === undefined ? {} : { store: { ...store, epoch: 99 } }));
    for (const part of ["policies", "bundles"] as const) {
      await expect(propose(later(part))).rejects.toThrow("list_changed");
    }
  });

  it("are 20 000 at most, over both tables and with those that failed", async () => {
    const row = service.state.policies.get("p")!;
    const bundle = service.state.bundles.get("x.org")!;
    const failing = { ...row, slot: 1 };
    /** As many rows as given, per table. All of them fail, which is fast. */
    const many = (policies: number, bundles: number, pages = 1) => {
      let page = 0;
      return changed((_, query) => {
        if (query.policies !== undefined) {
          page += 1;
          return { policies: { rows: Array.from({ length: policies }, () => failing), more: page < pages } };
        }
        if (query.bundles === undefined) return {};
        return { bundles: { rows: Array.from({ length: bundles }, () => ({ ...bundle, slot: 1 })), more: false } };
      });
    };
    const { stackTraceLimit } = Error;
    // Without it, stack traces take most of the time.
    Error.stackTraceLimit = 0;
    try {
      expect((await propose(many(20_000, 0))).failed).toHaveLength(20_000);
      await expect(propose(many(10_000, 10_001))).rejects.toThrow("too_many_rows");
      // It does not load on and on.
      await expect(propose(many(3000, 0, 1000))).rejects.toThrow("too_many_rows");
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
});

describe("a rebuild", () => {
  it("writes the trie of the rows that were shown, and raises the epoch", async () => {
    service.state.nodes.clear();
    const { digest } = await propose();
    expect(await rebuild(digest)).toEqual({ ok: true, answer: { rows: 5, failed: 0, digest, revision: 7 } });
    expect(await problems()).toEqual([]);
    expect(service.state.store).toMatchObject({ epoch: 6, revision: 7 });
    const entry = service.entry(7);
    expect(entry).toMatchObject({ action: "rebuild", resource: "authority", seq: 1 });
    expect(JSON.parse(entry.outcome)).toEqual({ rows: 5, failed: 0, digest });
    const request = { label: "request", fields: ["authority.rebuild", digest] };
    expect(await verifyMac(service.deps.ring.primary, request, entry.request)).toBe(true);
    expect(await rebuild((await propose()).digest)).toMatchObject({ ok: true });
    expect(service.entry(8)).toMatchObject({ seq: 2, prev: entry.mac });
  });

  it("removes rows that do not verify from the trie", async () => {
    const { policies } = service.state;
    policies.set("p", { ...policies.get("p")!, slot: 1 });
    expect(await rebuild((await propose()).digest)).toMatchObject({ ok: true, answer: { rows: 4, failed: 1 } });
    expect((await problems()).map(({ resource }) => resource)).toEqual(["policy:p"]);
    policies.delete("p");
    expect((await problems()).map(({ resource, kind }) => [resource, kind])).toEqual([["policy:p", "lost_row"]]);
  });

  it("is refused for another list", async () => {
    const { digest } = await propose();
    await service.deletePolicy("p");
    for (const other of [digest, ""]) {
      expect(await rebuild(other)).toEqual({ ok: false, failure: { code: "list_changed" } });
    }
    expect(service.state.store.revision).toBe(7);
    const { digest: now } = await propose();
    const later = changed(({ store }, query) => (query.bundles ? { store: { ...store, epoch: 99 } } : {}));
    expect(await rebuild(now, {}, later)).toEqual({ ok: false, failure: { code: "list_changed" } });
  });

  it("repeats its answer under the idempotency key", async () => {
    const { digest } = await propose();
    const origin = { idempotencyKey: "once" };
    await rebuild(digest, origin);
    expect(await rebuild(digest, origin)).toEqual({ ok: true, answer: { rows: 5, revision: 7 } });
    expect(await rebuild("other", origin)).toEqual({ ok: false, failure: { code: "idempotency_key_reused" } });
    for (const outcome of [{}, null, 7, { rows: "5" }]) {
      service.alter(7, await sealAgain(service, 7, { outcome: JSON.stringify(outcome) }));
      await expect(rebuild(digest, origin)).rejects.toMatchObject({ reason: "malformed" });
    }
  });
});
