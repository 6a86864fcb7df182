import { beforeEach, describe, expect, it } from "vitest";
import { memoryService, type MemoryService, ORIGIN, sealAgain, START } from "../../test/harness/memory-service.ts";
import { problemLines } from "../../test/harness/problem-lines.ts";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/ring.ts";
import type { AuditRow } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import { faultOf } from "./audit-problem.ts";
import { auditWalk } from "./audit-walk.ts";
import { pruneAudit } from "./prune-audit.ts";
import { verifyAudit } from "./verify-audit.ts";

const DAY = 86_400_000;
const ZEROS = new Uint8Array(32);

let service: MemoryService;
const verify = async (options: Parameters<typeof verifyAudit>[1] = {}) => await verifyAudit(service.deps, options);
const lines = async (options: Parameters<typeof verifyAudit>[1] = {}) => problemLines((await verify(options)).problems);
/** Replaces an entry by one with other columns that this service signed. */
const forge = async (revision: number, columns: Partial<AuditRow>) =>
  service.alter(revision, await sealAgain(service, revision, columns));

describe("verification reports exactly", () => {
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b", "a");
    await service.putPolicy("p");
    await service.put("a");
    await service.deletePolicy("p");
    await service.put("c");
  });

  it.each<readonly [string, () => void | Promise<void>, readonly string[]]>([
    ["nothing in an honest audit", () => undefined, []],
    [
      "the first entry, lost",
      () => service.lose(1),
      [
        "2 gap: the entry at revision 1 is missing",
        "2 broken_anchor: refers to a different entry at revision 1",
        "3 broken_chain: the first entry found of its resource has number 2",
      ],
    ],
    [
      "several entries, lost",
      () => service.lose(2, 3),
      [
        "4 gap: the entries at revisions 2 to 3 are missing",
        "4 broken_anchor: refers to a different entry at revision 3",
        "5 broken_chain: entry 3 of its resource follows entry 1",
      ],
    ],
    [
      "an entry that raised the epoch, lost",
      () => service.lose(4),
      [
        "5 gap: the entry at revision 4 is missing",
        "5 broken_anchor: refers to a different entry at revision 4",
        "5 broken_epoch: the entry that raised epoch 0 is missing",
        "6 broken_chain: the first entry found of its resource has number 2",
      ],
    ],
    ["the newest entry, lost", () => service.lose(7), ["7 missing_tail: the entry at revision 7 is missing"]],
    [
      "the two newest entries, lost",
      () => service.lose(6, 7),
      [
        "7 missing_tail: the entries at revisions 6 to 7 are missing",
        "7 broken_epoch: the entry that raised epoch 1 is missing",
      ],
    ],
    [
      "all entries, lost",
      () => service.lose(1, 2, 3, 4, 5, 6, 7),
      ["7 missing_tail: the entries at revisions 1 to 7 are missing"],
    ],
    [
      "an altered entry",
      () => service.alter(2, { spiffeId: "x" }),
      ['2 not_authentic: MAC of "audit" does not verify'],
    ],
    [
      "an altered entry that others refer to",
      () => service.alter(1, { mac: ZEROS }),
      [
        '1 not_authentic: MAC of "audit" does not verify',
        "2 broken_anchor: refers to a different entry at revision 1",
        "3 broken_chain: does not continue the entry at revision 1",
      ],
    ],
    [
      "an altered reference to earlier entries",
      () => service.alter(5, { prev: ZEROS, anchor: ZEROS }),
      [
        '5 not_authentic: MAC of "audit" does not verify',
        "5 broken_chain: does not continue the entry at revision 3",
        "5 broken_anchor: refers to a different entry at revision 4",
      ],
    ],
    [
      "an altered number",
      () => service.alter(5, { seq: 1 }),
      ['5 not_authentic: MAC of "audit" does not verify', "5 broken_chain: entry 1 of its resource follows entry 2"],
    ],
    [
      "an altered first entry that refers to one before",
      () => service.alter(1, { anchor: ZEROS }),
      ['1 not_authentic: MAC of "audit" does not verify', "1 broken_anchor: refers to an entry before the first one"],
    ],
    [
      "an entry with another store row",
      async () => await forge(7, { state: ZEROS }),
      ["7 broken_state!: saw another store row in epoch 2 than the entries before it led to"],
    ],
    [
      "an impossible base",
      () => service.alter(3, { base: 3 }),
      [
        "3 not_authentic: audit entry 3 has a base, revision or epoch that this store cannot have",
        "3 broken_anchor: refers to a different entry at revision 3",
      ],
    ],
    [
      "an impossible epoch",
      () => service.alter(7, { epoch: 3 }),
      [
        "7 not_authentic: audit entry 7 has a base, revision or epoch that this store cannot have",
        "7 broken_epoch: was decided on epoch 3, expected 2",
      ],
    ],
    [
      "an entry above the revision of the store",
      () => service.alter(7, { revision: 8 }),
      [
        "8 gap: the entry at revision 7 is missing",
        "8 not_authentic: audit entry 8 has a base, revision or epoch that this store cannot have",
        "7 missing_tail: the store has revision 7, which is before revision 8",
      ],
    ],
    [
      "a key that is not registered",
      () => service.alter(2, { keyId: "z" }),
      ["2 unregistered_key: is under a key that is neither in the ring nor registered in this store"],
    ],
    [
      "a signed first entry that refers to one before",
      async () => await forge(1, { anchor: ZEROS }),
      [
        "1 broken_anchor!: refers to an entry before the first one",
        "2 broken_anchor!: refers to a different entry at revision 1",
        "3 broken_chain!: does not continue the entry at revision 1",
      ],
    ],
    [
      "another anchor",
      async () => await forge(7, { anchor: ZEROS }),
      ["7 broken_anchor!: refers to a different entry at revision 6"],
    ],
    [
      "no anchor, although its entry is there",
      async () => await forge(7, { anchor: null }),
      ["7 broken_anchor!: refers to a different entry at revision 6"],
    ],
    [
      "another previous entry",
      async () => await forge(5, { prev: ZEROS }),
      [
        "5 broken_chain!: does not continue the entry at revision 3",
        "6 broken_anchor!: refers to a different entry at revision 5",
      ],
    ],
    [
      "no previous entry",
      async () => await forge(5, { prev: null }),
      [
        "5 broken_chain!: does not continue the entry at revision 3",
        "6 broken_anchor!: refers to a different entry at revision 5",
      ],
    ],
    [
      "a number that is too high",
      async () => await forge(5, { seq: 4 }),
      [
        "5 broken_chain: entry 4 of its resource follows entry 2",
        "6 broken_anchor!: refers to a different entry at revision 5",
      ],
    ],
    [
      "the number of the entry before",
      async () => await forge(5, { seq: 2 }),
      [
        "5 broken_chain!: entry 2 of its resource follows entry 2",
        "6 broken_anchor!: refers to a different entry at revision 5",
      ],
    ],
    [
      "a first entry with number 2",
      async () => await forge(7, { seq: 2 }),
      ["7 broken_chain: the first entry found of its resource has number 2"],
    ],
    [
      "a first entry that has a previous one",
      async () => await forge(7, { prev: ZEROS }),
      ["7 broken_chain: the first entry found of its resource has number 1"],
    ],
    [
      "an entry twice",
      () => service.alter(3, { revision: 5 }),
      [
        "4 gap: the entry at revision 3 is missing",
        "4 broken_anchor: refers to a different entry at revision 3",
        "6 broken_anchor!: refers to a different entry at revision 5",
      ],
    ],
    [
      "an entry that was kept back",
      async () => await forge(7, { at: START - DAY, workerAt: START - DAY }),
      ["7 withheld!: was kept back: by both clocks it is 86400 s older than an earlier entry"],
    ],
    [
      "only the forged entry, if its times are later than all others",
      () => service.alter(3, { at: START + DAY, workerAt: START + DAY }),
      ['3 not_authentic: MAC of "audit" does not verify'],
    ],
    [
      "no delay of an entry that does not verify",
      () => service.alter(7, { at: START - DAY, workerAt: START - DAY }),
      ['7 not_authentic: MAC of "audit" does not verify'],
    ],
  ])("%s", async (_, damage, expected) => {
    await damage();
    expect(await lines()).toEqual(expected);
    // Page by page it finds the same.
    expect(await lines({ perPage: 1, pages: 100 })).toEqual(expected);
  });
});

describe("a fault has an identity", () => {
  const faults = async () => (await verify()).problems.map(({ kind, fault }) => [kind, fault]);
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a");
    await service.putPolicy("p", "q");
    await service.put("b");
  });

  it("that is the same, whichever entry shows what is missing", async () => {
    service.lose(4);
    expect(await faults()).toEqual([["missing_tail", await faultOf("missing", [4, 4])]]);
    service = service.copy();
    service.state.store = { ...service.state.store, revision: 5 };
    service.state.audit = [
      ...service.state.audit,
      { ...(await sealAgain(service, 1, { base: 3, epoch: 2 })), revision: 5 },
    ];
    expect(await faults()).toContainEqual(["gap", await faultOf("missing", [4, 4])]);
  });

  it("of the epochs that are missing, whatever shows it", async () => {
    service.lose(2);
    const epochs = ["broken_epoch", await faultOf("missing_epochs", [0, 0])];
    expect(await faults()).toContainEqual(epochs);
    service.lose(3, 4);
    expect(await faults()).toContainEqual(["broken_epoch", await faultOf("missing_epochs", [0, 1])]);
  });

  it("that includes revision, detail and MAC of an entry that does not verify", async () => {
    const { mac } = service.entry(1);
    service.alter(1, { spiffeId: "x" });
    expect(await faults()).toEqual([
      ["not_authentic", await faultOf("not_authentic", [1, 'MAC of "audit" does not verify', mac])],
    ]);
  });

  it("of a store that was rolled back", async () => {
    const { problems } = await verify({ after: 9 });
    expect(problems.map(({ fault }) => fault)).toEqual([await faultOf("rolled_back", [4, 9])]);
  });
});
describe("entries under a key that has left the ring", () => {
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "a", "a");
    service = service.copy(await ringOf(KEY_B, KEY_A));
    await service.register();
    service = service.copy(await ringOf(KEY_B));
    await service.put("b");
  });

  it("are counted by key", async () => {
    expect(await verify()).toMatchObject({ problems: [], unverified: new Map([["a", 3]]), entries: 5 });
    expect(await verify({ after: 2 })).toMatchObject({ problems: [], unverified: new Map([["a", 1]]) });
    service.alter(1, { keyId: "z" });
    expect(await verify()).toMatchObject({
      unverified: new Map([
        ["z", 1],
        ["a", 2],
      ]),
    });
  });

  it("are still checked against each other", async () => {
    service.alter(2, { seq: 3, prev: ZEROS, anchor: ZEROS, spiffeId: "x" });
    expect(await lines()).toEqual([
      "2 broken_chain: entry 3 of its resource follows entry 1",
      "2 broken_anchor: refers to a different entry at revision 1",
      "3 broken_chain: entry 3 of its resource follows entry 3",
    ]);
  });

  it("are reported once their key is no longer registered", async () => {
    service.state.keys = service.state.keys.filter(({ keyId }) => keyId !== "a");
    expect((await lines()).map((line) => line.slice(0, 18))).toEqual([
      "1 unregistered_key",
      "2 unregistered_key",
      "3 unregistered_key",
    ]);
  });

  it("must have a possible base", async () => {
    service.alter(2, { base: 2 });
    expect((await lines())[0]).toMatch(/^2 not_authentic: audit entry 2 has a base/);
  });
});

describe("a pruned audit", () => {
  const prune = async () => {
    service.clock.database += 30 * DAY;
    service.clock.worker += 30 * DAY;
    await service.put("z");
    expect((await pruneAudit(service.deps, { ...ORIGIN, days: 7 })).ok).toBe(true);
  };
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "a", "b", "b", "a");
  });

  it("has no problems, and its remaining entries are checked", async () => {
    await prune();
    expect(service.state.audit.map(({ revision }) => revision)).toEqual([4, 5, 6, 7]);
    expect(await verify()).toMatchObject({ problems: [], entries: 4 });
    await service.put("a", "b");
    expect(await verify()).toMatchObject({ problems: [], entries: 6 });
    service.lose(6);
    expect(await lines()).toEqual([
      "7 gap: the entry at revision 6 is missing",
      "7 broken_anchor: refers to a different entry at revision 6",
    ]);
    service.lose(6, 7, 8, 9);
    expect(await lines()).toEqual(["9 missing_tail: the entries at revisions 6 to 9 are missing"]);
  });

  it("may lack the entries at and below its floor", async () => {
    await prune();
    service.lose(4, 5);
    expect(await lines()).toEqual([]);
  });

  it("may be pruned while it is verified", async () => {
    const { deps } = service;
    let loads = 0;
    const store: Store = {
      ...deps.store,
      async load(query, signal) {
        loads += 1;
        if (loads === 2) await prune();
        return await deps.store.load(query, signal);
      },
    };
    const report = await verifyAudit({ ...deps, store }, { perPage: 1, maxMs: Infinity });
    expect(report).toMatchObject({ problems: [], entries: 5, revision: 7 });
  });

  it("still has whole chains above its floor", async () => {
    await prune();
    await service.put("b", "b");
    service.lose(8);
    expect(await lines()).toEqual([
      "9 gap: the entry at revision 8 is missing",
      "9 broken_chain: entry 4 of its resource follows entry 2",
      "9 broken_anchor: refers to a different entry at revision 8",
    ]);
  });

  it.each<readonly [string, Partial<AuditRow>, number, readonly string[]]>([
    ["explains missing numbers of a resource", { seq: 3 }, 3, []],
    ["not after its floor", { seq: 3 }, 1, ["4 broken_chain: entry 3 of its resource follows entry 1"]],
    ["nor a lower number", { seq: 1 }, 3, ["4 broken_chain!: entry 1 of its resource follows entry 1"]],
    [
      "nor another previous entry",
      { seq: 2, prev: ZEROS },
      3,
      ["4 broken_chain!: does not continue the entry at revision 1"],
    ],
  ])("that is pruned during the walk %s", async (_, columns, floor, expected) => {
    const { state, deps } = service;
    const { store } = state;
    const keys = state.keys.map((key) => ({ ...key, hasPolicies: false }));
    const walk = auditWalk(deps.ring, 0);
    expect(await walk.check({ store, keys }, service.entry(1))).toEqual([]);
    const later = await sealAgain(service, 2, { base: 3, anchor: service.entry(3).mac, ...columns });
    const problems = await walk.check({ store: { ...store, auditFloor: floor }, keys }, { ...later, revision: 4 });
    expect(problemLines(problems).filter((line) => line.includes("chain"))).toEqual(expected);
  });
});
