import { describe, expect, it } from "vitest";
import type { Attempts } from "./attempts.ts";
import { fakeAttempts, PATIENT } from "../../test/harness/attempts.ts";
import { auditOf, PINS } from "../../test/store-contract/rows.ts";
import { limitRequests } from "./limit-requests.ts";
import { memoryStore } from "./memory/memory-store.ts";
import type { BundleRow, PolicyRow } from "./rows.ts";
import type { Change, Query, Snapshot, Store } from "./store.ts";
import { abortedBy, StoreUnavailable, type UnavailableCause } from "./store-unavailable.ts";
import { type Decision, transact } from "./transact.ts";

const RESOURCE = "secret:p";
const never = new AbortController().signal;

/** Attempts without a deadline, which record how long they sleep. */
function attempts(overrides: Partial<Attempts> = {}): Attempts & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    ...PATIENT,
    slept,
    now: () => 0,
    sleep: async (ms, signal) => {
      slept.push(ms);
      signal.throwIfAborted();
    },
    ...overrides,
  };
}

const change = (writeId: string, { store }: Pick<Snapshot<Query>, "store">): Change => ({
  audit: auditOf(writeId, { resource: RESOURCE, base: store.revision, epoch: store.epoch }),
  tail: store.revision,
  ...PINS,
  decidedOn: store,
});

const INIT = { keys: [], keyId: "k1", mac: new Uint8Array(32) };

/** The signed columns of a change that raises the epoch. */
function authorityOf(snapshot?: Snapshot<Query>): NonNullable<Change["authority"]> {
  const { auditFloor = 0, authority = new Uint8Array(16), generation = "", acknowledged = 0 } = snapshot?.store ?? {};
  return { auditFloor, authority, generation, acknowledged, keyId: "k1", mac: new Uint8Array(32), nodes: [] };
}

/** Commits until its write id is found. With `refuseAfter`, refuses once another commit has that revision. */
function decider(options: { readonly refuseAfter?: number } = {}) {
  return async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
    if (snapshot.replay !== undefined) return { kind: "settled", answer: `found ${snapshot.replay.revision}` };
    if (options.refuseAfter !== undefined && snapshot.store.revision >= options.refuseAfter) {
      return { kind: "refused", failure: "conflict" };
    }
    return { kind: "commit", change: change("w", snapshot), answer: (revision) => `won ${revision}` };
  };
}

type Step = "ok" | "lose-answer" | "never-arrive" | UnavailableCause;

/** A store whose first commits go through the given steps; later ones succeed. `held`: requests still in flight. */
function faulty(inner: Store, steps: Step[]): Store & { readonly held: (() => Promise<unknown>)[]; calls: string[] } {
  const held: (() => Promise<unknown>)[] = [];
  const calls: string[] = [];
  return {
    held,
    calls,
    async load(query, signal) {
      calls.push("load");
      return await inner.load(query, signal);
    },
    async commit(change_, query, signal) {
      const step = steps.shift() ?? "ok";
      calls.push(step);
      const run = async () => await inner.commit(change_, query, signal);
      switch (step) {
        case "ok":
          return await run();
        case "lose-answer":
          await run();
          throw new StoreUnavailable("connection", "unknown", "");
        case "never-arrive":
          held.push(run);
          throw new StoreUnavailable("connection", "unknown", "");
        default:
          throw new StoreUnavailable(step, step === "busy" || step === "rejected" ? "none" : "unknown", "");
      }
    },
  };
}

const fresh = () => memoryStore({ storeId: "s", now: () => 1 });
const intrude = async (store: Store, n: number) => {
  const snapshot = await store.load({}, never);
  expect((await store.commit(change(`other ${n}`, snapshot), {}, never)).won).toBe(true);
};
/** Decides as usual, but another writer commits first, the given number of times. */
function overtaken(inner: Store, times: number) {
  let decided = 0;
  return async (snapshot: Snapshot<Query>) => {
    decided += 1;
    if (decided <= times) await intrude(inner, decided);
    return await decider()(snapshot);
  };
}

/** A store whose loads hang until they are aborted, all but the first ones. */
function hangingAfter(inner: Store, loads: number): Store {
  let left = loads;
  return {
    async load(query, signal) {
      left -= 1;
      if (left >= 0) return await inner.load(query, signal);
      return await new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(abortedBy(signal, "none"))),
      );
    },
    commit: async (change_, query, signal) => await inner.commit(change_, query, signal),
  };
}

const revisionOf = async (store: Store) => (await store.load({}, never)).store.revision;

describe("transact", () => {
  const query: Query = { secret: { path: "p", version: "none" }, writeId: "w" };

  it("takes one load and one commit if nobody interferes", async () => {
    const store = faulty(fresh(), []);
    const result = await transact(store, query, { attempts: attempts(), decide: decider() });
    expect(result).toEqual({ ok: true, answer: "won 1" });
    expect(store.calls).toEqual(["load", "ok"]);
  });

  it("decides again at once from the snapshot of a lost race, without a load or pause", async () => {
    const inner = fresh();
    const store = faulty(inner, []);
    const platform = attempts();
    const decide = overtaken(inner, 1);
    expect(await transact(store, query, { attempts: platform, decide })).toEqual({ ok: true, answer: "won 2" });
    expect(store.calls).toEqual(["load", "ok", "ok"]);
    expect(platform.slept).toEqual([]);
  });

  it("waits after two lost races, with jitter and in proportion to an attempt, and loads again", async () => {
    const inner = fresh();
    const store = faulty(inner, []);
    let clock = 1000;
    const platform = attempts({ now: () => clock });
    const decideTwice = overtaken(inner, 2);
    const decide = async (snapshot: Snapshot<Query>) => {
      clock += 5;
      return await decideTwice(snapshot);
    };
    expect(await transact(store, query, { attempts: platform, decide })).toEqual({ ok: true, answer: "won 3" });
    expect(store.calls).toEqual(["load", "ok", "ok", "load", "ok"]);
    expect(platform.slept).toEqual([40]);
  });

  it.each(["lose-answer", "status", "malformed", "connection", "busy", "replica"] as const)(
    "applies a change once even if a commit ends in: %s",
    async (step) => {
      const inner = fresh();
      const store = faulty(inner, [step, step]);
      const result = await transact(store, query, { attempts: attempts(), decide: decider() });
      expect(result).toEqual({ ok: true, answer: step === "lose-answer" ? "found 1" : "won 1" });
      expect(await revisionOf(inner)).toBe(1);
    },
  );

  it("does not apply a late commit twice", async () => {
    const inner = fresh();
    const store = faulty(inner, ["never-arrive", "never-arrive"]);
    const result = await transact(store, query, { attempts: attempts(), decide: decider() });
    expect(result).toEqual({ ok: true, answer: "won 1" });
    for (const late of store.held) await late();
    expect(await revisionOf(inner)).toBe(1);
  });

  it("refuses after an unanswered commit only if that commit can no longer succeed", async () => {
    const inner = fresh();
    const store = faulty(inner, ["never-arrive"]);
    const platform = attempts({
      // While it waits, another writer makes the precondition of the unanswered commit false.
      sleep: async () => await intrude(inner, 1),
    });
    const result = await transact(store, query, { attempts: platform, decide: decider({ refuseAfter: 1 }) });
    expect(result).toEqual({ ok: false, failure: "conflict" });
    for (const late of store.held) expect(await late()).toMatchObject({ won: false });
    expect(await revisionOf(inner)).toBe(1);
  });

  it("does not refuse while an unanswered commit can still succeed", async () => {
    const inner = fresh();
    const store = faulty(inner, ["never-arrive"]);
    let decided = 0;
    const decide = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
      decided += 1;
      if (snapshot.replay !== undefined || decided === 1) return await decider()(snapshot);
      return { kind: "refused", failure: "changed my mind" };
    };
    const platform = attempts({
      sleep: async () => {
        if (decided === 3) await store.held[0]?.();
      },
    });
    expect(await transact(store, query, { attempts: platform, decide })).toEqual({ ok: true, answer: "found 1" });
  });

  it.each([
    "rejected",
    "unauthorized",
    "no_database",
    "not_migrated",
    "blocked",
    "too_large",
    "answer_too_large",
    "certificate",
    "schema",
    "deadline",
    "budget",
  ] as const)("gives up on the first: %s (Q14)", async (step) => {
    const store = faulty(fresh(), [step]);
    const run = transact(store, query, { attempts: attempts(), decide: decider() });
    await expect(run).rejects.toMatchObject({ name: "StoreUnavailable", reason: step });
    expect(store.calls).toEqual(["load", step]);
  });

  it("leaves the outcome of an earlier commit open when a later one fails permanently (Q51)", async () => {
    const failing = (steps: readonly StoreUnavailable[]): Store => {
      const left = [...steps];
      const inner = fresh();
      return {
        load: async (query, signal) => await inner.load(query, signal),
        commit: async () => await Promise.reject(left.shift()!),
      };
    };
    const lost = new StoreUnavailable("connection", "unknown", "");
    const tooLarge = new StoreUnavailable("too_large", "none", "SQLITE_TOOBIG");
    const options = { attempts: attempts(), decide: decider() };
    await expect(transact(failing([tooLarge]), query, options)).rejects.toBe(tooLarge);
    const expected = { reason: "too_large", outcome: "unknown", detail: "SQLITE_TOOBIG" };
    await expect(transact(failing([lost, tooLarge]), query, options)).rejects.toMatchObject(expected);
  });

  it("waits as long as the database requires, plus jitter, and gives up if that is too long (Q51)", async () => {
    const limited = (retryAfterMs: number, calls: "load" | "commit"): Store => {
      const inner = fresh();
      let isFirst = true;
      const once = () => {
        if (!isFirst) return;
        isFirst = false;
        throw new StoreUnavailable("busy", calls === "load" ? "none" : "unknown", "HTTP 429", { retryAfterMs });
      };
      return {
        load: async (query, signal) => {
          if (calls === "load") once();
          return await inner.load(query, signal);
        },
        commit: async (change_, query, signal) => {
          if (calls === "commit") once();
          return await inner.commit(change_, query, signal);
        },
      };
    };
    for (const calls of ["load", "commit"] as const) {
      const platform = attempts();
      const result = await transact(limited(2000, calls), query, { attempts: platform, decide: decider() });
      expect(result).toEqual({ ok: true, answer: "won 1" });
      expect(platform.slept).toEqual([2025]);
      const run = transact(limited(3001, calls), query, { attempts: attempts(), decide: decider() });
      await expect(run).rejects.toMatchObject({ reason: "busy", retryAfterMs: 3001 });
    }
  });

  it("waits as long as the database requires also right after a lost race (Q51)", async () => {
    const inner = fresh();
    let commits = 0;
    const store: Store = {
      load: async (query, signal) => await inner.load(query, signal),
      commit: async (change_, query, signal) => {
        commits += 1;
        if (commits !== 2) return await inner.commit(change_, query, signal);
        throw new StoreUnavailable("busy", "unknown", "HTTP 429", { retryAfterMs: 2000 });
      },
    };
    const platform = attempts();
    const result = await transact(store, query, { attempts: platform, decide: overtaken(inner, 1) });
    expect(result).toEqual({ ok: true, answer: "won 2" });
    expect(platform.slept).toEqual([2025]);
  });

  it("commits nothing after the caller hung up, but finds out what became of an earlier commit", async () => {
    const gone = new AbortController();
    const store = faulty(fresh(), []);
    const decide = async (snapshot: Snapshot<Query>) => {
      gone.abort();
      return await decider()(snapshot);
    };
    const early = transact(store, query, { attempts: attempts({ client: gone.signal }), decide });
    await expect(early).rejects.toMatchObject({ reason: "gone", outcome: "none", detail: "before a commit" });
    expect(store.calls).toEqual(["load"]);

    // A commit that did not arrive is sent again, so that its outcome becomes known.
    for (const [step, answer] of [
      ["lose-answer", "found 1"],
      ["never-arrive", "won 1"],
    ] as const) {
      const later = new AbortController();
      const platform = attempts({ client: later.signal, sleep: async () => later.abort() });
      const lossy = faulty(fresh(), [step]);
      expect(await transact(lossy, query, { attempts: platform, decide: decider() })).toEqual({ ok: true, answer });
    }
  });

  it("ends a load after lost races when the caller hangs up", async () => {
    const inner = fresh();
    const platform = fakeAttempts(9000);
    const store = hangingAfter(inner, 1);
    const result = transact(store, query, { attempts: platform, decide: overtaken(inner, 2) });
    const ended = expect(result).rejects.toMatchObject({ reason: "gone" });
    await platform.elapse(100);
    platform.clientController.abort(new StoreUnavailable("gone", "none", "client"));
    await ended;
    expect(platform.timers()).toBe(0);
  });

  it("ends a load after an unanswered commit at the deadline, not when the caller hangs up", async () => {
    const platform = fakeAttempts(9000);
    const store = hangingAfter(faulty(fresh(), ["never-arrive"]), 1);
    let reason: unknown;
    const ended = transact(store, query, { attempts: platform, decide: decider() }).catch((error: unknown) => {
      reason = error instanceof StoreUnavailable ? error.reason : error;
    });
    await platform.elapse(100);
    platform.clientController.abort(new StoreUnavailable("gone", "none", "client"));
    await platform.elapse(8899);
    expect(reason).toBeUndefined();
    await platform.elapse(1);
    expect(reason).toBe("deadline");
    await ended;
  });

  it("throws what the store throws, if that is no failure of the database", async () => {
    const store: Store = {
      load: async (query_, signal) => await fresh().load(query_, signal),
      commit: async () => await Promise.reject(new TypeError("a fault of the program")),
    };
    const run = transact(store, query, { attempts: attempts(), decide: decider() });
    await expect(run).rejects.toThrow(TypeError);
  });

  it("gives up loading after 10 tries, with growing pauses", async () => {
    const platform = attempts();
    let loads = 0;
    const down: Store = {
      load: async () => {
        loads += 1;
        throw new StoreUnavailable("connection", "none", "");
      },
      commit: async () => await Promise.reject(new Error("not reached")),
    };
    await expect(transact(down, query, { attempts: platform, decide: decider() })).rejects.toMatchObject({
      reason: "connection",
    });
    expect(loads).toBe(10);
    expect(platform.slept).toEqual([25, 50, 100, 200, 300, 300, 300, 300, 300]);
  });

  it("sends at most 40 database requests for one request", async () => {
    const inner = faulty(
      fresh(),
      Array.from({ length: 100 }, (): Step => "connection"),
    );
    const store = limitRequests(
      { ...inner, commitEach: async () => await Promise.reject(new Error("not reached")) },
      () => 0,
    );
    const run = transact(store, query, { attempts: attempts(), decide: decider() });
    await expect(run).rejects.toMatchObject({ reason: "budget" });
    expect(inner.calls).toHaveLength(40);
    expect(store.requests).toBe(40);
  });

  describe("with a commit that hangs", () => {
    /** Hangs in the given commits, which are applied first if `applied` is set. Records when each request was sent. */
    function hanging(inner: Store, platform: Attempts, { commits, applied }: { commits: number; applied: boolean }) {
      const sent: (readonly [string, number])[] = [];
      let left = commits;
      const store: Store = {
        async load(query, signal) {
          sent.push(["load", platform.now() - 1000]);
          return await inner.load(query, signal);
        },
        async commit(change_, query, signal) {
          sent.push(["commit", platform.now() - 1000]);
          if (left <= 0) return await inner.commit(change_, query, signal);
          left -= 1;
          if (applied) await inner.commit(change_, query, signal);
          return await new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => reject(abortedBy(signal, "unknown"))),
          );
        },
      };
      return { store, sent };
    }

    it.each<readonly [number, boolean, string, readonly (readonly [string, number])[]]>([
      // A third of 9000, and a pause of 25.
      [
        1,
        true,
        "found 1",
        [
          ["load", 0],
          ["commit", 0],
          ["load", 3025],
        ],
      ],
      [
        1,
        false,
        "won 1",
        [
          ["load", 0],
          ["commit", 0],
          ["load", 3025],
          ["commit", 3025],
        ],
      ],
      [
        2,
        false,
        "won 1",
        [
          ["load", 0],
          ["commit", 0],
          ["load", 3025],
          ["commit", 3025],
          ["load", 5067],
          ["commit", 5067],
        ],
      ],
    ])("%i times, applied: %s, a load finds out the outcome: %s (Q34)", async (commits, applied, answer, sent) => {
      const inner = fresh();
      const platform = fakeAttempts(9000);
      const { store, sent: seen } = hanging(inner, platform, { commits, applied });
      const result = transact(store, query, { attempts: platform, decide: decider() });
      await platform.elapse(9000);
      expect(await result).toEqual({ ok: true, answer });
      expect(seen).toEqual(sent);
      expect(await revisionOf(inner)).toBe(1);
      expect(platform.timers()).toBe(0);
    });

    it("always, the third commit gets all the time that is left, and the outcome is unknown (Q34)", async () => {
      const inner = fresh();
      const platform = fakeAttempts(9000);
      const { store, sent } = hanging(inner, platform, { commits: 3, applied: false });
      const result = transact(store, query, { attempts: platform, decide: decider() });
      const failed = expect(result).rejects.toMatchObject({ reason: "deadline" });
      await platform.elapse(8999);
      expect(sent.map(([kind]) => kind)).toEqual(["load", "commit", "load", "commit", "load", "commit"]);
      expect(platform.timers()).toBe(0);
      await platform.elapse(1);
      await failed;
      expect(await revisionOf(inner)).toBe(0);
    });

    it("after two loads that hang, a load finds out the outcome (Q34)", async () => {
      const inner = fresh();
      const platform = fakeAttempts(9000);
      const { store } = hanging(inner, platform, { commits: 1, applied: true });
      let loads = 0;
      const slow: Store = {
        ...store,
        async load(query_, signal) {
          loads += 1;
          if (loads > 2) return await store.load(query_, signal);
          return await new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => reject(abortedBy(signal, "none"))),
          );
        },
      };
      const result = transact(slow, query, { attempts: platform, decide: decider() });
      await platform.elapse(9000);
      expect(await result).toEqual({ ok: true, answer: "found 1" });
    });

    it("right after a lost race, the pause is that of a failure (Q34)", async () => {
      const inner = fresh();
      const platform = fakeAttempts(9000);
      let commits = 0;
      const store: Store = {
        load: async (query_, signal) => await inner.load(query_, signal),
        async commit(change_, query_, signal) {
          commits += 1;
          if (commits !== 2) return await inner.commit(change_, query_, signal);
          return await new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => reject(abortedBy(signal, "unknown"))),
          );
        },
      };
      const result = transact(store, query, { attempts: platform, decide: overtaken(inner, 1) });
      await platform.elapse(9000);
      expect(await result).toEqual({ ok: true, answer: "won 2" });
      expect(platform.slept).toEqual([25]);
    });
  });

  describe("with a snapshot that is older than one before", () => {
    /** The first loads return the given snapshots, later ones the newest. The first commit is applied unless `held`. */
    async function lagging(inner: Store, snapshots: readonly Snapshot<Query>[], { held }: { held: boolean }) {
      const late: (() => Promise<unknown>)[] = [];
      const queue = [...snapshots];
      let commits = 0;
      const store: Store = {
        load: (async (query_: Query, signal: AbortSignal) =>
          queue.shift() ?? (await inner.load(query_, signal))) as Store["load"],
        async commit(change_, query_, signal) {
          commits += 1;
          if (commits > 1) return await inner.commit(change_, query_, signal);
          const run = async () => await inner.commit(change_, query_, signal);
          await (held ? late.push(run) : run());
          throw new StoreUnavailable("connection", "unknown", "");
        },
      };
      return { store, late };
    }

    /** Commits from revision 2 on. Refuses below, as if the permission had been granted at revision 2. */
    const decide = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
      if (snapshot.replay !== undefined || snapshot.store.revision >= 2) return await decider()(snapshot);
      return { kind: "refused", failure: "denied" };
    };

    /** A store at revision 2 and its snapshots at the revisions 0, 1 and 2. The second commit raises the epoch. */
    async function grown() {
      const inner = fresh();
      const snapshots = [await inner.load(query, never)];
      await intrude(inner, 1);
      snapshots.push(await inner.load(query, never));
      const raising = { ...change("other 2", snapshots[1]!), authority: authorityOf(snapshots[1]) };
      expect((await inner.commit(raising, {}, never)).won).toBe(true);
      snapshots.push(await inner.load(query, never));
      return { inner, snapshots };
    }

    it.each([
      [[2, 1], false, "found 3"],
      [[2, 0], false, "found 3"],
      [[2, 1, 0, 1], false, "found 3"],
      [[2, 2], false, "found 3"],
      [[2, 1], true, "won 3"],
      [[2, 1, 0, 2], true, "won 3"],
    ] as const)(
      "does not refuse after an unanswered commit: snapshots %j, kept back: %s, answer: %s (H02)",
      async (revisions, held, answer) => {
        const { inner, snapshots } = await grown();
        const { store, late } = await lagging(
          inner,
          revisions.map((revision) => snapshots[revision]!),
          { held },
        );
        expect(await transact(store, query, { attempts: attempts(), decide })).toEqual({ ok: true, answer });
        for (const each of late) expect(await each()).toMatchObject({ won: false });
        expect(await revisionOf(inner)).toBe(3);
      },
    );

    it("does not refuse if such a snapshot claims a newer revision, but has an older epoch (H02)", async () => {
      const { inner, snapshots } = await grown();
      const old = snapshots[1]!;
      const forged = { ...old, store: { ...old.store, revision: 9 } };
      const { store, late } = await lagging(inner, [snapshots[2]!, forged], { held: true });
      let loads = 0;
      const refusing = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
        loads += 1;
        if (loads === 2) return { kind: "refused", failure: "denied" };
        // The commit that was kept back arrives before the next load.
        if (loads === 3) expect(snapshot.replay).toBeDefined();
        return await decider()(snapshot);
      };
      const platform = attempts({ sleep: async () => void (await late[0]?.()) });
      expect(await transact(store, query, { attempts: platform, decide: refusing })).toEqual({
        ok: true,
        answer: "found 3",
      });
    });

    it("does not refuse after a lost race either (H02)", async () => {
      const { inner, snapshots } = await grown();
      const queue = [snapshots[2], snapshots[1]];
      const store: Store = {
        load: (async (query_: Query, signal: AbortSignal) =>
          queue.shift() ?? (await inner.load(query_, signal))) as Store["load"],
        commit: async (change_, query_, signal) => await inner.commit(change_, query_, signal),
      };
      let decided = 0;
      const interrupted = async (snapshot: Snapshot<Query>) => {
        decided += 1;
        if (decided <= 2) await intrude(inner, 10 + decided);
        return await decide(snapshot);
      };
      expect(await transact(store, query, { attempts: attempts(), decide: interrupted })).toEqual({
        ok: true,
        answer: "won 5",
      });
    });
  });

  describe("after an unanswered commit", () => {
    const policy = (version: number) => ({ name: "p", version }) as PolicyRow;
    const bundle = (version: number) => ({ trustDomain: "d", version }) as BundleRow;
    const rests = [
      { table: "policies", name: "p", version: 3 },
      { table: "trust_bundles", name: "d", version: 2 },
    ] as const;

    /** The snapshot that the change was decided on. */
    const DECIDED = { revision: 7, epoch: 4, policies: [policy(3)], bundle: bundle(2), tail: 5, more: false };
    type State = Omit<typeof DECIDED, "bundle"> & { readonly bundle: BundleRow | undefined };

    const snapshotOf = (empty: Snapshot<Query>, overrides: Partial<State>): Snapshot<Query> => {
      const { revision, epoch, policies, bundle: row, tail, more }: State = { ...DECIDED, ...overrides };
      return {
        ...empty,
        store: { ...empty.store, revision, epoch },
        grants: { rows: policies, more },
        trust: { row },
        secret: {
          head: undefined,
          states: undefined,
          version: undefined,
          tail: { ...auditOf("t"), revision: tail },
        },
      };
    };

    it.each<readonly [string, boolean, Partial<Change>, Partial<State>]>([
      ["nothing has changed", false, { rests }, {}],
      ["other rows have changed", false, { rests }, { revision: 9, epoch: 6 }],
      ["its resource has changed", true, { rests }, { revision: 9, tail: 8 }],
      ["its resource has an older entry", false, { rests }, { revision: 9, tail: 4 }],
      ["its policy was changed", true, { rests }, { revision: 8, epoch: 5, policies: [policy(8)] }],
      ["its policy was deleted", true, { rests }, { revision: 8, epoch: 5, policies: [] }],
      [
        "its policy was changed, and comes after another one",
        true,
        { rests },
        { revision: 8, epoch: 5, policies: [{ ...policy(3), name: "o" }, policy(8)] },
      ],
      ["its policy may be on a later page", false, { rests }, { revision: 8, epoch: 5, policies: [], more: true }],
      ["its policy is hidden", false, { rests }, { revision: 8, policies: [] }],
      ["its policy is not there yet", false, { rests }, { revision: 9, epoch: 3, policies: [] }],
      ["its policy has an earlier version", false, { rests }, { revision: 9, epoch: 3, policies: [policy(1)] }],
      ["another policy was deleted", false, { rests: [] }, { revision: 8, epoch: 5, policies: [] }],
      ["its bundle was changed", true, { rests }, { revision: 8, epoch: 5, bundle: bundle(8) }],
      ["its bundle was deleted", true, { rests }, { revision: 8, epoch: 5, bundle: undefined }],
      [
        "another bundle was loaded instead",
        true,
        { rests },
        { revision: 8, epoch: 5, bundle: { ...bundle(2), trustDomain: "e" } },
      ],
      ["its bundle is not there yet", false, { rests }, { revision: 9, epoch: 3, bundle: bundle(1) }],
      ["the epoch was raised", false, {}, { revision: 8, epoch: 5 }],
      ["the epoch was raised, which it names", true, { authority: authorityOf() }, { revision: 8, epoch: 5 }],
      ["the epoch, which it names, is lower", false, { authority: authorityOf() }, { revision: 9, epoch: 3 }],
      ["the store is not empty any more", true, { init: INIT }, { revision: 8 }],
      ["the store is still empty", false, { init: INIT }, { revision: 0, epoch: 0, tail: 0 }],
    ])("refuses only if that commit can no longer succeed: %s, so %s (H02)", async (_, refuses, pins, overrides) => {
      const empty = await fresh().load(query, never);
      const replay = { ...auditOf("w"), revision: 10 };
      const later = { ...snapshotOf(empty, { revision: 10 }), replay };
      const decidedOn = pins.init === undefined ? {} : { revision: 0, epoch: 0, tail: 0 };
      const queue = [snapshotOf(empty, decidedOn), snapshotOf(empty, overrides)];
      const store: Store = {
        load: (async () => await Promise.resolve(queue.shift() ?? later)) as unknown as Store["load"],
        commit: async () => await Promise.reject(new StoreUnavailable("connection", "unknown", "")),
      };
      const decide = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
        if (queue.length === 0 && snapshot.replay === undefined) return { kind: "refused", failure: "refused" };
        const decision = await decider()(snapshot);
        if (decision.kind !== "commit") return decision;
        return { ...decision, change: { ...decision.change, tail: DECIDED.tail, ...pins } };
      };
      const result = await transact(store, query, { attempts: attempts(), decide });
      expect(result).toEqual(refuses ? { ok: false, failure: "refused" } : { ok: true, answer: "found 10" });
    });

    it("does not refuse while one of two such commits can still succeed (H02)", async () => {
      const empty = await fresh().load(query, never);
      const changed = { revision: 9, tail: 8 };
      const replay = { ...auditOf("w"), revision: 10 };
      const later = { ...snapshotOf(empty, { revision: 10 }), replay };
      const queue = [snapshotOf(empty, {}), snapshotOf(empty, changed), snapshotOf(empty, changed)];
      const store: Store = {
        load: (async () => await Promise.resolve(queue.shift() ?? later)) as unknown as Store["load"],
        commit: async () => await Promise.reject(new StoreUnavailable("connection", "unknown", "")),
      };
      const decide = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
        if (queue.length === 0 && snapshot.replay === undefined) return { kind: "refused", failure: "refused" };
        const decision = await decider()(snapshot);
        if (decision.kind !== "commit") return decision;
        // The first change can no longer succeed after the second snapshot. The second change can.
        return { ...decision, change: { ...decision.change, tail: snapshot.secret?.tail?.revision ?? 0 } };
      };
      const result = await transact(store, query, { attempts: attempts(), decide });
      expect(result).toEqual({ ok: true, answer: "found 10" });
    });
  });

  describe("with a replica", () => {
    const near = (store: Store, load: (signal: AbortSignal) => Promise<Snapshot<Query>>): Store => ({
      ...store,
      replica: { load: async (_, signal) => (await load(signal)) as never },
    });
    const lagging = (inner: Store) => async () => await inner.load(query, never);
    const hang = async (signal: AbortSignal) =>
      await new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(abortedBy(signal, "none"))),
      );

    it("commits what was decided from the replica, without a load from the primary", async () => {
      const inner = fresh();
      const store = faulty(inner, []);
      const result = await transact(near(store, lagging(inner)), query, { attempts: attempts(), decide: decider() });
      expect(result).toEqual({ ok: true, answer: "won 1" });
      expect(store.calls).toEqual(["ok"]);
    });

    it.each([
      [5000, 7000, 5000],
      [7000, 5000, 5000],
    ])("commits until %i at the latest by the replica's clock, and %i by the worker's: %i", async (...times) => {
      const [notAfter, endsAt, expected] = times;
      const inner = fresh();
      const sent: number[] = [];
      const store: Store = {
        ...inner,
        async commit(change_, query_, signal) {
          sent.push(change_.notAfter);
          return await inner.commit(change_, query_, signal);
        },
      };
      const decide = async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
        const decision = await decider()(snapshot);
        return decision.kind === "commit" ? { ...decision, change: { ...decision.change, notAfter } } : decision;
      };
      await transact(near(store, lagging(inner)), query, { attempts: attempts({ endsAt }), decide });
      expect(sent).toEqual([expected]);
    });

    it.each<Decision<string, string>>([
      { kind: "refused", failure: "denied" },
      { kind: "settled", answer: "found 0" },
    ])("decides again from the primary if the replica leads to: %o", async (first) => {
      const inner = fresh();
      const store = faulty(inner, []);
      const queue = [first];
      const decide = async (snapshot: Snapshot<Query>) => queue.shift() ?? (await decider()(snapshot));
      const result = await transact(near(store, lagging(inner)), query, { attempts: attempts(), decide });
      expect(result).toEqual({ ok: true, answer: "won 1" });
      expect(store.calls).toEqual(["load", "ok"]);
    });

    it("reports what a load or decision from the replica throws, and is served by the primary", async () => {
      const failure = new StoreUnavailable("connection", "none", "");
      const fault = new TypeError("a decision that fails");
      const fail = async () => await Promise.reject(failure);
      for (const [load, expected] of [
        [fail, failure],
        [lagging(fresh()), fault],
      ] as const) {
        const store = faulty(fresh(), []);
        const queue = expected === fault ? [fault] : [];
        const decide = async (snapshot: Snapshot<Query>) => {
          const error = queue.shift();
          if (error !== undefined) throw error;
          return await decider()(snapshot);
        };
        const reports: unknown[] = [];
        const options = { attempts: attempts(), decide, onReplicaError: (error: unknown) => void reports.push(error) };
        expect(await transact(near(store, load), query, options)).toEqual({ ok: true, answer: "won 1" });
        expect([reports, store.calls]).toEqual([[expected], ["load", "ok"]]);
      }
    });

    it("fails with what the replica throws if that is not reported, or with what the report throws", async () => {
      const store = faulty(fresh(), []);
      const failure = new StoreUnavailable("connection", "none", "");
      const replica = near(store, async () => await Promise.reject(failure));
      const options = { attempts: attempts(), decide: decider() };
      await expect(transact(replica, query, options)).rejects.toBe(failure);
      const onReplicaError = () => {
        throw new TypeError("reported");
      };
      await expect(transact(replica, query, { ...options, onReplicaError })).rejects.toThrow("reported");
      expect(store.calls).toEqual([]);
    });

    it("waits half a second for a replica that hangs, which is no timeout of the primary", async () => {
      const platform = fakeAttempts(9000);
      const store = faulty(fresh(), []);
      const began: number[] = [];
      const primary: Store = {
        ...store,
        async load(query_, signal) {
          began.push(platform.now() - 1000);
          return await store.load(query_, signal);
        },
      };
      const options = { attempts: platform, decide: decider(), onReplicaError: () => undefined };
      const result = transact(near(primary, hang), query, options);
      await platform.elapse(9000);
      expect(await result).toEqual({ ok: true, answer: "won 1" });
      expect([began, platform.timers()]).toEqual([[500], 0]);
    });

    it("ends with the caller who hangs up while the replica hangs", async () => {
      const platform = fakeAttempts(9000);
      const options = { attempts: platform, decide: decider(), onReplicaError: () => undefined };
      const ended = expect(transact(near(faulty(fresh(), []), hang), query, options)).rejects.toMatchObject({
        reason: "gone",
      });
      await platform.elapse(100);
      platform.clientController.abort(new StoreUnavailable("gone", "none", "client"));
      await ended;
      expect(platform.timers()).toBe(0);
    });
  });

  describe("with an urgent change", () => {
    const urgent = (inner: Store, times: number) => {
      const decide = overtaken(inner, times);
      return async (snapshot: Snapshot<Query>): Promise<Decision<string, string>> => {
        const decision = await decide(snapshot);
        return decision.kind === "commit" ? { ...decision, isUrgent: true } : decision;
      };
    };

    it("decides again at once after seven lost races, without a load or pause (H13)", async () => {
      const inner = fresh();
      const store = faulty(inner, []);
      const platform = attempts();
      const result = await transact(store, query, { attempts: platform, decide: urgent(inner, 7) });
      expect(result).toEqual({ ok: true, answer: "won 8" });
      expect(store.calls).toEqual(["load", ...Array.from({ length: 8 }, () => "ok")]);
      expect(platform.slept).toEqual([]);
    });

    it("pauses after eight lost races, so that several do not block each other (H13)", async () => {
      const inner = fresh();
      const store = faulty(inner, []);
      const platform = attempts();
      const result = await transact(store, query, { attempts: platform, decide: urgent(inner, 8) });
      expect(result).toEqual({ ok: true, answer: "won 9" });
      expect(store.calls).toEqual(["load", ...Array.from({ length: 8 }, () => "ok"), "load", "ok"]);
      // Half of 16 attempts of a millisecond.
      expect(platform.slept).toEqual([8]);
    });
  });
});
