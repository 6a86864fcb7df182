import { describe, expect, it } from "vitest";
import type { Attempts } from "./attempts.ts";
import { auditOf } from "../../test/store-contract/rows.ts";
import { limitRequests } from "./limit-requests.ts";
import { memoryStore } from "./memory/memory-store.ts";
import type { Change, Query, Snapshot, Store } from "./store.ts";
import { StoreUnavailable, type UnavailableCause } from "./store-unavailable.ts";
import { type Decision, transact } from "./transact.ts";

const RESOURCE = "secret:p";
const never = new AbortController().signal;

/** Every look at the clock finds it 10 ms later. */
function attempts(overrides: Partial<Attempts> = {}): Attempts & { readonly slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => (now += 10),
    deadline: never,
    endsAt: Infinity,
    client: never,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      slept.push(ms);
      signal.throwIfAborted();
    },
    ...overrides,
  };
}

const change = (
  writeId: string,
  snapshot: { readonly store: { readonly revision: number; readonly epoch: number } },
): Change => ({
  audit: auditOf(writeId, { resource: RESOURCE, base: snapshot.store.revision, epoch: snapshot.store.epoch }),
  tail: snapshot.store.revision,
});

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
    const platform = attempts();
    const decide = overtaken(inner, 2);
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
    await expect(early).rejects.toMatchObject({ reason: "gone" });
    expect(store.calls).toEqual(["load"]);

    const later = new AbortController();
    const lossy = faulty(fresh(), ["lose-answer"]);
    const platform = attempts({ client: later.signal, sleep: async () => later.abort() });
    expect(await transact(lossy, query, { attempts: platform, decide: decider() })).toEqual({
      ok: true,
      answer: "found 1",
    });
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
});
