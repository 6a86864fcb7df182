import { beforeEach, describe, expect, it } from "vitest";
import { memoryService, type MemoryService, ORIGIN, sealAgain, START } from "../../test/harness/memory-service.ts";
import { problemLines } from "../../test/harness/problem-lines.ts";
import type { AuditRow } from "../store/rows.ts";
import type { Query, Store } from "../store/store.ts";
import { acknowledgeFaults } from "./acknowledge.ts";
import { faultOf } from "./audit-problem.ts";
import { verifyAudit } from "./verify-audit.ts";

const DAY = 86_400_000;
const ZEROS = new Uint8Array(32);

let service: MemoryService;
const verify = async (options: Parameters<typeof verifyAudit>[1] = {}) => await verifyAudit(service.deps, options);
const lines = async (options: Parameters<typeof verifyAudit>[1] = {}) => problemLines((await verify(options)).problems);
/** Replaces an entry by one with other columns that this service signed. */
const forge = async (revision: number, columns: Partial<AuditRow>) =>
  service.alter(revision, await sealAgain(service, revision, columns));

describe("a verification in parts", () => {
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b", "a", "b", "a");
  });

  it("reports its range, the newest entry and where to continue", async () => {
    const { mac } = service.entry(5);
    const whole = { problems: [], acknowledged: [], unverified: new Map(), revision: 5, newest: mac };
    expect(await verify()).toEqual({ ...whole, entries: 5, upTo: 5, next: undefined, digest: expect.any(String) });
    expect(await verify({ after: 2 })).toMatchObject({ entries: 3, upTo: 5, next: undefined });
    expect(await verify({ after: 5 })).toMatchObject({ entries: 0, upTo: 5, next: undefined });
    expect(await verify({ perPage: 2, pages: 1 })).toMatchObject({ ...whole, entries: 2, upTo: 2, next: 2 });
    expect(await verify({ perPage: 2, pages: 2 })).toMatchObject({ entries: 4, upTo: 4, next: 4 });
    expect(await verify({ perPage: 2, pages: 3 })).toMatchObject({ entries: 5, upTo: 5, next: undefined });
    expect(await verify({ perPage: 5, pages: 1 })).toMatchObject({ entries: 5, upTo: 5, next: undefined });
    expect(await verify({ upTo: 3 })).toMatchObject({ entries: 3, upTo: 3, next: 3 });
    expect(await verify({ upTo: 5 })).toMatchObject({ entries: 5, upTo: 5, next: undefined });
    service.lose(5);
    expect(await verify()).toMatchObject({ newest: null });
  });

  it("has a digest of its range and problems", async () => {
    const digest = async (options: object) => (await verify(options)).digest;
    expect(await digest({})).toBe(await digest({}));
    const others = await Promise.all([{}, { after: 1 }, { upTo: 4 }].map(digest));
    service.alter(2, { spiffeId: "x" });
    others.push(await digest({}));
    service.alter(2, { spiffeId: "y", mac: ZEROS });
    others.push(await digest({}));
    expect(new Set(others).size).toBe(5);
  });

  it("ends after its time", async () => {
    const { deps } = service;
    const after = async (maxMs: number | undefined, msPerLoad: number) => {
      let now = START;
      const store: Store = {
        ...deps.store,
        async load(query, signal) {
          now += msPerLoad;
          return await deps.store.load(query, signal);
        },
      };
      const options = { perPage: 1, ...(maxMs !== undefined && { maxMs }) };
      return (await verifyAudit({ ...deps, store, attempts: { ...deps.attempts, now: () => now } }, options)).entries;
    };
    expect(await after(10, 5)).toBe(3);
    expect(await after(10, 11)).toBe(1);
    expect(await after(undefined, 1000)).toBe(4);
    expect(await after(0, 0)).toBe(5);
  });

  it("ends after 20 pages unless more are requested", async () => {
    await service.put(...Array.from({ length: 20 }, () => "c"));
    expect(await verify({ perPage: 1 })).toMatchObject({ entries: 20, next: 20 });
  });

  it("loads smaller pages if the entries that a page refers to do not fit", async () => {
    const limits: number[] = [];
    const { deps } = service;
    const store = {
      ...deps.store,
      async load<Q extends Query>(query: Q, signal: AbortSignal) {
        const snapshot = await deps.store.load(query, signal);
        const limit = query.auditContext?.limit ?? 0;
        expect(query.audit).toEqual(query.auditContext);
        limits.push(limit);
        // Never: a page of one entry refers to few others.
        return {
          ...snapshot,
          auditContext: { ...snapshot.auditContext, more: limit > 2 || service.state.keys.length > 1 },
        };
      },
    };
    expect(await verifyAudit({ ...deps, store }, { perPage: 30 })).toMatchObject({ entries: 5, problems: [] });
    expect(limits).toEqual([30, 8, 2, 2, 2]);
    limits.length = 0;
    service.state.keys = [...service.state.keys, { keyId: "z", checkValue: ZEROS, createdAt: 0 }];
    expect(await verifyAudit({ ...deps, store }, { perPage: 5 })).toMatchObject({ entries: 5, problems: [] });
    expect(limits).toEqual([5, 2, 1, 1, 1, 1, 1]);
  });

  it("ends before the entry after 100 problems, and the next part goes on", async () => {
    await service.put(...Array.from({ length: 200 }, () => "c"));
    for (let revision = 1; revision <= 205; revision += 1) service.alter(revision, { spiffeId: "x" });
    const first = await verify();
    expect(first).toMatchObject({ entries: 100, next: 100, upTo: 100 });
    expect(first.problems).toHaveLength(100);
    expect(await verify({ after: 100 })).toMatchObject({ entries: 100, next: 200, upTo: 200 });
    const last = await verify({ after: 200 });
    expect(last).toMatchObject({ entries: 5, next: undefined, upTo: 205 });
    expect(last.problems.map(({ revision }) => revision)).toEqual([201, 202, 203, 204, 205]);
  });

  it("checks at least one entry, even if the earlier ones have 100 problems", async () => {
    const { deps } = service;
    let loads = 0;
    const forged = Array.from({ length: 120 }, (_, n) => ({ ...service.entry(1), mac: new Uint8Array(32).fill(n) }));
    const store = {
      ...deps.store,
      async load<Q extends Query>(query: Q, signal: AbortSignal) {
        const snapshot = await deps.store.load(query, signal);
        loads += 1;
        return { ...snapshot, auditContext: { rows: forged, more: false } };
      },
    };
    const report = await verifyAudit({ ...deps, store }, { after: 2 });
    expect(report).toMatchObject({ entries: 1, next: 3, upTo: 3 });
    expect(loads).toBe(1);
    expect(problemLines(report.problems).slice(0, 2)).toEqual([
      "1 not_authentic!: the database returned a different entry earlier",
      "1 not_authentic!: the database returned a different entry earlier",
    ]);
  });

  it("reports a store that was rolled back to before the part", async () => {
    expect(await lines({ after: 9 })).toEqual(["5 missing_tail: the store has revision 5, which is before revision 9"]);
  });

  it("does not repeat what is wrong with earlier entries, but what contradicts them", async () => {
    service.alter(1, { spiffeId: "x" });
    expect(await lines({ after: 1 })).toEqual([]);
    service.alter(1, { mac: ZEROS });
    expect(await lines({ after: 1 })).toEqual([
      "2 broken_anchor: refers to a different entry at revision 1",
      "3 broken_chain: does not continue the entry at revision 1",
    ]);
  });

  it("compares with the newest earlier entry of a resource", async () => {
    await service.put("a");
    expect(await lines({ after: 5 })).toEqual([]);
    service.lose(5);
    expect(await lines({ after: 5 })).toEqual(
      [
        "6 broken_anchor: refers to a different entry at revision 5",
        "6 broken_chain: entry 4 of its resource follows entry 2",
      ].toReversed(),
    );
  });

  it("knows when the entries before it were written", async () => {
    await forge(5, { at: START - DAY, workerAt: START - DAY });
    expect(await lines({ after: 4 })).toEqual([
      "5 withheld!: was kept back: by both clocks it is 86400 s older than an earlier entry",
    ]);
  });

  it("knows the store row that earlier entries led to", async () => {
    await service.putPolicy("p");
    await service.put("a", "b");
    await forge(7, { state: ZEROS });
    expect(await lines({ after: 6 })).toEqual([
      "7 broken_state!: saw another store row in epoch 1 than the entries before it led to",
      "8 broken_anchor!: refers to a different entry at revision 7",
    ]);
  });

  it("is not confused by an entry that was decided on long ago", async () => {
    await service.put("b");
    const { mac: anchor } = service.entry(1);
    await forge(6, { base: 1, anchor });
    await service.put("a");
    expect(await lines({ after: 4, perPage: 1 })).toEqual([]);
  });
});

describe("acknowledged problems", () => {
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b", "a", "b");
  });
  const acknowledge = async () => {
    const { upTo, digest } = await verify();
    return await acknowledgeFaults(service.deps, { ...ORIGIN, after: 0, upTo, digest });
  };

  it("are listed apart, and count again when the acknowledgement is lost or altered", async () => {
    service.lose(1);
    const before = await verify();
    await acknowledge();
    const after = await verify();
    expect(after).toMatchObject({ problems: [], acknowledged: before.problems });
    await service.put("c");
    const kept = service.state.audit;
    const again = [
      "0 missing_acknowledgement: acknowledgement 1 is missing or does not verify",
      ...problemLines(before.problems),
    ];
    const lost = service.entry(5);
    const others = kept.filter((entry) => entry !== lost);
    for (const entries of [
      [],
      [{ ...lost, spiffeId: "x" }],
      [{ ...lost, ...(await sealAgain(service, 5, { outcome: "{}" })) }],
      [{ ...lost, resource: "acknowledgement:2" }],
    ]) {
      service.state.audit = [...others, ...entries].toSorted((a, b) => a.revision - b.revision);
      expect((await lines()).slice(0, 4)).toEqual(again);
      expect((await lines({ perPage: 1, pages: 100 })).slice(0, 4)).toEqual(again);
      expect((await lines({ after: 4 })).filter((line) => line.startsWith("0"))).toEqual([]);
      service.state.audit = kept;
    }
  });

  it("do not count towards the 100 that end a part", async () => {
    await service.put(...Array.from({ length: 110 }, () => "c"));
    for (let revision = 2; revision <= 90; revision += 1) service.alter(revision, { spiffeId: "x" });
    await acknowledge();
    for (let revision = 91; revision <= 110; revision += 1) service.alter(revision, { spiffeId: "x" });
    const report = await verify();
    expect(report).toMatchObject({ next: undefined, entries: 115 });
    expect([report.problems.length, report.acknowledged.length]).toEqual([20, 89]);
  });

  it("are those of all acknowledgements", async () => {
    service.lose(1);
    await acknowledge();
    await service.put("c");
    service.alter(3, { spiffeId: "x" });
    await acknowledge();
    expect(await verify()).toMatchObject({ problems: [] });
    const kept = service.state.audit;
    await service.put("d");
    const lost = async (revision: number) => {
      service.state.audit = kept;
      service.lose(revision);
      return (await verify()).problems.find(({ kind }) => kind === "missing_acknowledgement")?.fault;
    };
    expect(await lost(5)).toBe(await faultOf("missing_acknowledgement", [1]));
    expect(await lost(7)).toBe(await faultOf("missing_acknowledgement", [2]));
  });

  it("include a lost newest entry, which the acknowledgement follows", async () => {
    service.lose(4);
    await acknowledge();
    expect(await verify()).toMatchObject({ problems: [], acknowledged: [{ kind: "gap" }] });
    expect((await verify()).acknowledged).toHaveLength(1);
  });
});
