import { beforeEach, describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import { type Access, UNRESTRICTED } from "../store/access.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { AuditRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Query, Store } from "../store/store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { auditedWrite, type AuditedWrite, type WriteDecision } from "./audited-write.ts";
import type { NextEntry } from "./build-change.ts";
import { type Mark, markOf } from "./bookmark/mark.ts";
import type { WriteDeps } from "./deps.ts";
import { sealEntry } from "./entry.ts";

const never = new AbortController().signal;
const NOW = 1_800_000_000_000;
const RESOURCE = "policy:p";
const QUERY = { chain: { resource: RESOURCE } } as const satisfies Query;
const WRITE: AuditedWrite = {
  caller: "spiffe://spike.ist/x",
  idempotencyKey: "key",
  traceId: "t",
  action: "put",
  resource: RESOURCE,
  request: { label: "request", fields: ["put", 1] },
};
const DENIED = { ok: false, failure: { code: "denied" } } as const;

type Decided = WriteDecision<{ readonly n: number }, { readonly code: "no" }>;
const ACCEPTED: Decided = { ok: true, change: {}, outcome: { n: 7 } };

/** Passes requests on. Tests replace its methods. */
interface Wire {
  load(snapshot: AnySnapshot): AnySnapshot | Promise<AnySnapshot>;
  commit(change: Change, apply: () => Promise<unknown>): Promise<void>;
}

let inner: Store;
let wire: Wire;
let deps: WriteDeps;
let queries: Query[];
let commits: Change[];
let places: NextEntry[];
beforeEach(async () => {
  inner = memoryStore({ storeId: "s", now: () => NOW });
  wire = { load: (snapshot) => snapshot, commit: async () => await Promise.resolve() };
  [queries, commits, places] = [[], [], []];
  const store: Store = {
    async load(query, signal) {
      queries.push(query);
      return (await wire.load(await inner.load(query, signal))) as never;
    },
    async commit(change, query, signal) {
      commits.push(change);
      await wire.commit(change, async () => await inner.commit(change, query, signal));
      return await inner.commit(change, query, signal);
    },
  };
  deps = {
    store,
    ring: await ringOf(KEY_A, KEY_B),
    attempts: { ...PATIENT, now: () => NOW },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    access: UNRESTRICTED,
  };
});

interface Options {
  readonly store?: Store;
  readonly write?: Partial<AuditedWrite>;
  readonly access?: Access;
  readonly decided?: Decided;
  readonly repairStore?: (snapshot: AnySnapshot) => Promise<AnySnapshot["store"]>;
}

const run = async ({ write, store, access = UNRESTRICTED, decided = ACCEPTED, repairStore }: Options = {}) =>
  await auditedWrite<typeof QUERY, { readonly n: number }, { readonly code: "no" }>(
    { ...deps, access, store: store ?? deps.store },
    { ...WRITE, ...write },
    {
      query: QUERY,
      tailOf: ({ chain }) => chain?.tail,
      async decide(_, place) {
        places.push(place);
        return await Promise.resolve(decided);
      },
      ...(repairStore && { repairStore }),
      parseOutcome: (outcome) => {
        const { n } = outcome as { readonly n?: unknown };
        return typeof n === "number" ? { n } : undefined;
      },
    },
  );

/** Answers nothing to the first commit. */
function loseFirst(isApplied: boolean) {
  wire.commit = async (_, apply) => {
    if (commits.length > 1) return;
    if (isApplied) await apply();
    throw new StoreUnavailable("connection", "unknown", "");
  };
}

const entries = async () => (await inner.load({ audit: { after: 0, limit: 99 } }, never)).audit.rows;
const refusing = (count: number): Access & { readonly judged: AnySnapshot[] } => {
  const judged: AnySnapshot[] = [];
  return {
    judged,
    query: { trust: { trustDomain: "d", slot: 0 } },
    isUnrestricted: false,
    async permits(snapshot) {
      judged.push(snapshot);
      return await Promise.resolve(judged.length > count ? undefined : []);
    },
  };
};

describe("an audited write", () => {
  it("loads what access and write need, commits, and returns the outcome with its revision", async () => {
    const access = refusing(1);
    expect(await run({ access })).toEqual({ ok: true, answer: { n: 7, revision: 1 } });
    expect(queries).toEqual([{ ...access.query, ...QUERY, writeId: commits[0]?.audit.writeId }]);
    expect(await entries()).toMatchObject([{ resource: RESOURCE, seq: 1, outcome: '{"n":7}', revision: 1 }]);
    expect(places).toMatchObject([
      { seq: 1, time: NOW, ring: { primary: { id: "a" } }, writeId: commits[0]?.audit.writeId },
    ]);
  });

  it("numbers the entries of a resource", async () => {
    for (const idempotencyKey of ["1", "2", "3"]) await run({ write: { idempotencyKey } });
    expect((await entries()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it.each([
    [41, 42],
    [Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER],
    [Number.MAX_SAFE_INTEGER, 1],
    [0.5, 1],
    [-7, -6],
  ])("after an entry that was altered to number %d gets the number %d", async (seq, next) => {
    await run();
    wire.load = (snapshot) => ({ ...snapshot, chain: { tail: { ...snapshot.chain!.tail!, seq } } });
    expect(await run({ write: { idempotencyKey: undefined } })).toMatchObject({ ok: true });
    expect(places.at(-1)?.seq).toBe(next);
  });

  it("writes under the key of the store row, and at the time of the database within its bounds", async () => {
    await run();
    deps = { ...deps, ring: await ringOf(KEY_B, KEY_A), attempts: { ...PATIENT, now: () => NOW + 3_600_000 } };
    await run({ write: { idempotencyKey: "2" } });
    expect(places.at(-1)).toMatchObject({ ring: { primary: { id: "a" } }, time: NOW + 2_700_000 });
    expect((await entries()).map(({ keyId }) => keyId)).toEqual(["a", "a"]);
  });

  it("is refused without permission or by its decision, and then commits nothing", async () => {
    expect(await run({ access: refusing(0) })).toEqual(DENIED);
    expect(places).toEqual([]);
    expect(await run({ decided: { ok: false, failure: { code: "no" } } })).toEqual({
      ok: false,
      failure: { code: "no" },
    });
    expect([commits, queries.length]).toEqual([[], 2]);
  });

  it("requires the rows that permit it", async () => {
    const rests = [{ table: "policies", name: "q", version: 0 }] as const;
    await run({ access: { query: {}, isUnrestricted: false, permits: async () => await Promise.resolve(rests) } });
    expect(commits).toMatchObject([{ rests }]);
  });

  it("is refused in a store that does not verify", async () => {
    wire.load = (snapshot) => ({ ...snapshot, store: { ...snapshot.store, epoch: 1 } });
    await expect(run()).rejects.toMatchObject({ reason: "inconsistent" });
    expect([commits, places]).toEqual([[], []]);
  });

  it("can repair the store row: the commit requires the damaged one", async () => {
    await run();
    const { store: whole } = await inner.load({}, never);
    // Only the MAC is damaged, so that the commit fits the stored row.
    wire.load = (snapshot) => ({ ...snapshot, store: { ...snapshot.store, mac: null } });
    const write = { idempotencyKey: "2" };
    await expect(run({ write })).rejects.toMatchObject({ detail: "the store row has no MAC" });
    const repairStore = async () => await Promise.resolve(whole);
    expect(await run({ write, repairStore })).toMatchObject({ ok: true, answer: { revision: 2 } });
    expect(commits.map(({ damagedEpoch }) => damagedEpoch)).toEqual([undefined, 0]);
    expect(commits.at(-1)?.audit.state).toEqual(whole.mac);
  });

  it("leaves all verification to the repair, which can do without the newest audit entry", async () => {
    await run();
    wire.load = (snapshot) => ({ ...snapshot, newest: null });
    const write = { idempotencyKey: "2" };
    await expect(run({ write })).rejects.toMatchObject({ detail: "the newest audit entry, 1, is missing" });
    const repairStore = async ({ store }: AnySnapshot) => await Promise.resolve(store);
    expect(await run({ write, repairStore })).toMatchObject({ ok: true, answer: { revision: 2 } });
    expect(commits.at(-1)).not.toHaveProperty("damagedEpoch");
    const failing = async () => await Promise.reject(new SealError("inconsistent", "beyond repair"));
    await expect(run({ repairStore: failing })).rejects.toMatchObject({ detail: "beyond repair" });
  });
});

describe("an audited write whose answer was lost", () => {
  it("returns the outcome of its own commit, even if the permission was revoked meanwhile", async () => {
    loseFirst(true);
    const access = refusing(1);
    expect(await run({ access })).toEqual({ ok: true, answer: { n: 7, revision: 1 } });
    expect([commits.length, access.judged.length]).toEqual([1, 1]);
  });

  it("is not refused while its commit can still succeed, and commits again once permitted", async () => {
    loseFirst(false);
    let judged = 0;
    const access: Access = {
      query: {},
      isUnrestricted: false,
      async permits() {
        judged += 1;
        return await Promise.resolve(judged === 2 ? undefined : []);
      },
    };
    expect(await run({ access })).toMatchObject({ ok: true, answer: { revision: 1 } });
    expect([commits.length, judged]).toEqual([2, 3]);
  });
});

describe("a repeated audited write", () => {
  it("returns the recorded outcome and commits nothing, if it is permitted", async () => {
    await run();
    await run({ write: { idempotencyKey: "2" } });
    expect(await run({ decided: { ok: false, failure: { code: "no" } } })).toEqual({
      ok: true,
      answer: { n: 7, revision: 1 },
    });
    expect(await run({ access: refusing(0) })).toEqual(DENIED);
    expect(commits).toHaveLength(2);
  });

  it.each<Context>([
    { label: "request", fields: ["put", 2] },
    { label: "other", fields: ["put", 1] },
  ])("must be the same request, not %o", async (request) => {
    await run();
    expect(await run({ write: { request } })).toEqual({ ok: false, failure: { code: "idempotency_key_reused" } });
    expect(commits).toHaveLength(1);
  });

  it("is another write for another caller or key, or without a key", async () => {
    await run();
    await run({ write: { caller: "spiffe://spike.ist/y" } });
    await run({ write: { idempotencyKey: "2" } });
    for (const _ of [1, 2]) await run({ write: { idempotencyKey: undefined } });
    expect(new Set(commits.map(({ audit }) => audit.writeId)).size).toBe(5);
  });

  const BELONGS = {
    reason: "inconsistent",
    detail: "the audit entry loaded for a write id belongs to another write",
  };
  it.each<readonly [string, (entry: AuditRow) => AuditRow | Promise<AuditRow>, object]>([
    ["has another write id", (entry) => ({ ...entry, writeId: "v" }), BELONGS],
    ["has another caller", (entry) => ({ ...entry, spiffeId: "spiffe://spike.ist/y" }), BELONGS],
    ["is altered", (entry) => ({ ...entry, outcome: '{"n":8}' }), { reason: "not_authentic" }],
    ["is impossible", (entry) => ({ ...entry, revision: 9 }), { reason: "inconsistent" }],
    [
      "has an outcome of another action",
      async ({ revision, keyId: _keyId, mac: _mac, ...draft }) => ({
        ...(await sealEntry(deps.ring, "s", { ...draft, outcome: '{"m":8}' })),
        revision,
      }),
      { reason: "malformed", detail: 'an audit entry of action "put" does not hold an outcome of that action' },
    ],
  ])("fails if the entry of its write id %s", async (_, alter, fault) => {
    await run();
    wire.load = async (snapshot) => ({ ...snapshot, replay: snapshot.replay && (await alter(snapshot.replay)) });
    await expect(run()).rejects.toMatchObject({ name: "SealError", ...fault });
    expect(commits).toHaveLength(1);
  });
});

describe("the moment of an audited write", () => {
  let marks: Mark[];
  beforeEach(() => {
    marks = [];
    deps = { ...deps, onCommitted: (mark) => marks.push(mark) };
  });
  const current = async () => markOf(await inner.load({}, never));

  it("is that of its commit, and for a repeated write that of the snapshot", async () => {
    for (const idempotencyKey of ["key", "2"]) {
      await run({ write: { idempotencyKey } });
      expect(marks.at(-1)).toEqual(await current());
    }
    await run();
    expect(marks).toHaveLength(3);
    expect(marks[2]).toEqual(marks[1]);
    expect(marks[2]?.revision).toBe(2);
  });

  it("is not reported if the write is refused", async () => {
    await run();
    marks.length = 0;
    await run({ access: refusing(0) });
    await run({ write: { request: { label: "other", fields: [] } } });
    await run({ write: { idempotencyKey: "2" }, decided: { ok: false, failure: { code: "no" } } });
    expect(marks).toEqual([]);
  });

  it("is not needed", async () => {
    deps = { ...deps, onCommitted: undefined };
    expect(await run()).toMatchObject({ ok: true });
  });
});

describe("an audited write with a heartbeat", () => {
  it("loads the stored one, and replaces it if it is old", async () => {
    deps = { ...deps, heartbeatMs: 1000 };
    for (const idempotencyKey of ["1", "2"]) await run({ write: { idempotencyKey } });
    expect(queries).toMatchObject([{ heartbeat: {} }, { heartbeat: {} }]);
    expect(commits.map(({ heartbeat }) => heartbeat?.at)).toEqual([NOW, undefined]);
  });
});

describe("an audited write with a replica", () => {
  const withReplica = (fault: Error, problems: string[]) => {
    const store = { ...deps.store, replica: { load: async () => await Promise.reject(fault) } };
    deps = { ...deps, store, onReplicaUnusable: ({ problem }) => problems.push(problem) };
  };

  it("is decided on the primary if the replica cannot be used, which is reported", async () => {
    const problems: string[] = [];
    withReplica(new StoreUnavailable("connection", "none", ""), problems);
    expect(await run()).toMatchObject({ ok: true, answer: { revision: 1 } });
    expect([problems, queries.length]).toEqual([["replica_unreachable"], 1]);
    deps = { ...deps, onReplicaUnusable: undefined };
    expect(await run({ write: { idempotencyKey: "2" } })).toMatchObject({ ok: true });
  });

  it("fails with an error that says nothing about the replica", async () => {
    const problems: string[] = [];
    withReplica(new TypeError("a fault of the program"), problems);
    await expect(run()).rejects.toThrow("a fault of the program");
    expect([problems, queries]).toEqual([[], []]);
  });
});

describe("a change of permissions that loses races", () => {
  const raising: Decided = { ...ACCEPTED, authority: {} };
  /** The commits until the first pause, if another write of the resource is faster each time. */
  const commitsBeforePause = async (options: Options) => {
    wire.commit = async () => {
      await run({ store: inner, decided: raising, write: { idempotencyKey: undefined } });
    };
    const pause = Promise.reject(new Error("pause"));
    pause.catch(() => undefined);
    deps = { ...deps, attempts: { ...deps.attempts, sleep: async () => await pause } };
    await expect(run(options)).rejects.toThrow("pause");
    return commits.length;
  };

  it.each<readonly [number, string, Options]>([
    [8, "of an unrestricted caller", { decided: raising }],
    [2, "of a caller with a policy", { decided: raising, access: refusing(99) }],
    [2, "of an unrestricted caller, if it changes no permissions", {}],
  ])("commits %i times before a pause: %s (H13)", async (count, _, options) => {
    expect(await commitsBeforePause(options)).toBe(count);
  });
});
