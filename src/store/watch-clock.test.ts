import { beforeEach, describe, expect, it } from "vitest";
import type { BulkStore, Change } from "./store.ts";
import { type ClockSkew, watchClock } from "./watch-clock.ts";

const T = 1_800_000_000_000;
const signal = new AbortController().signal;

describe("a watched store", () => {
  let worker: number;
  let database: number;
  let latencyMs: number;
  let reports: ClockSkew[];
  let store: BulkStore;
  beforeEach(() => {
    [worker, database, latencyMs, reports] = [T, T, 0, []];
    const answer = (result: object): never => {
      worker += latencyMs;
      return result as never;
    };
    const inner: BulkStore = {
      load: async () => answer(await Promise.resolve({ now: database })),
      commit: async ({ tail }) =>
        answer(await Promise.resolve(tail === 0 ? { won: true } : { won: false, snapshot: { now: database } })),
      commitEach: async () => answer(await Promise.resolve({ revisions: [], snapshot: { now: database } })),
    };
    store = watchClock(inner, { now: () => worker, report: (skew) => reports.push(skew) });
  });
  const change = (tail: number) => ({ tail }) as unknown as Change;

  it.each<readonly [string, number, readonly ClockSkew[]]>([
    ["nothing about the same time", 0, []],
    ["nothing about a minute ahead", 60_000, []],
    ["nothing about a minute behind", -60_000, []],
    ["a database more than a minute ahead", 60_001, [{ direction: "ahead", seconds: 60 }]],
    ["a database more than a minute behind", -60_001, [{ direction: "behind", seconds: 60 }]],
    ["years ahead", 94_608_000_000, [{ direction: "ahead", seconds: 94_608_000 }]],
    ["years behind", -94_608_000_000, [{ direction: "behind", seconds: 94_608_000 }]],
  ])("reports %s", async (_, offset, expected) => {
    database = T + offset;
    expect(await store.load({}, signal)).toEqual({ now: T + offset });
    expect(reports).toEqual(expected);
  });

  it("reports a replica, and passes its snapshot on", async () => {
    expect(store.replica).toBeUndefined();
    const inner = { load: async () => (await Promise.resolve({ now: T - 90_000 })) as never };
    const watched = watchClock(
      { ...store, replica: inner },
      { now: () => worker, report: (skew) => reports.push(skew) },
    );
    expect(await watched.replica?.load({}, signal)).toEqual({ now: T - 90_000 });
    expect(reports).toEqual([{ direction: "behind", seconds: 90 }]);
  });

  it("reports once per request", async () => {
    database = T + 120_000;
    await store.load({}, signal);
    database = T - 500_000;
    await store.load({}, signal);
    expect(reports).toEqual([{ direction: "ahead", seconds: 120 }]);
  });

  it("reports a lost commit and a batch, but not a winning commit, which has no snapshot", async () => {
    database = T + 90_000;
    expect(await store.commit(change(0), {}, signal)).toEqual({ won: true });
    expect(reports).toEqual([]);
    expect(await store.commit(change(1), {}, signal)).toMatchObject({ won: false });
    expect(reports).toHaveLength(1);
  });

  it("reports a batch of commits", async () => {
    database = T - 90_000;
    expect(await store.commitEach([], {}, signal)).toMatchObject({ revisions: [] });
    expect(reports).toEqual([{ direction: "behind", seconds: 90 }]);
  });

  it.each([0, 35_000, 70_000])("does not report a slow answer whose snapshot was taken after %i ms", async (after) => {
    latencyMs = 70_000;
    database = worker + after;
    await store.load({}, signal);
    database = worker + after;
    await store.commit(change(1), {}, signal);
    database = worker + after;
    await store.commitEach([], {}, signal);
    expect(reports).toEqual([]);
  });

  it("measures from the nearer end of the request", async () => {
    latencyMs = 1000;
    database = T - 90_000;
    await store.load({}, signal);
    expect(reports).toEqual([{ direction: "behind", seconds: 90 }]);
  });
});
