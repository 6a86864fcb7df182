import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/ring.ts";
import { describeState, emptyState, type SignedState, signState } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, Bytes, StoreRow } from "../store/rows.ts";
import type { EntryCheck } from "./check-entry.ts";
import { EpochWalk } from "./epoch-walk.ts";

const ZEROS = new Uint8Array(32);

let ring: KeyRing;
let onlyB: KeyRing;
/** The MAC of the store row in each epoch, under key a. */
let macs: readonly Bytes[];
beforeAll(async () => {
  ring = await ringOf(KEY_A, KEY_B);
  onlyB = await ringOf(KEY_B);
  macs = await Promise.all([0, 1, 2, 3, 4, 5, 6].map(async (epoch) => await signState(ring.primary, stateIn(epoch))));
});

function stateIn(epoch: number, keyId = "a"): SignedState {
  if (epoch === 0) return emptyState("s", keyId);
  const authority = new Uint8Array(16).fill(epoch);
  return { storeId: "s", epoch, auditFloor: 0, authority, generation: "", acknowledged: 0, keyId };
}

/** An entry of a step: its epoch, and what differs from an honest entry. */
interface Step extends Partial<AuditRow> {
  readonly epoch: number;
  readonly raises?: boolean;
  readonly status?: EntryCheck["status"];
  readonly floor?: number;
}

function entryOf(revision: number, { raises = false, ...columns }: Step): AuditRow {
  const { epoch, base = revision - 1 } = columns;
  const row = {
    revision,
    base,
    keyId: "a",
    state: base === 0 ? null : (macs[epoch] ?? ZEROS),
    leadsTo: raises ? describeState(stateIn(epoch + 1)) : null,
    ...columns,
  };
  // The walk reads no other column.
  return row as unknown as AuditRow;
}

const plain = (epoch: number, columns: Omit<Step, "epoch"> = {}): Step => ({ epoch, ...columns });
const raising = (epoch: number, columns: Omit<Step, "epoch"> = {}): Step => ({ epoch, raises: true, ...columns });

/** The problems as `REVISION KIND: DETAIL`, with a `!` if one cannot be acknowledged; those at the end without a revision. */
async function problemsIn(
  steps: readonly Step[],
  options: {
    readonly context?: readonly Step[];
    readonly first?: number;
    readonly end?: Pick<StoreRow, "epoch" | "mac">;
    readonly by?: KeyRing;
  } = {},
): Promise<readonly string[]> {
  const { context = [], first = 1, end, by = ring } = options;
  const walk = new EpochWalk(by, "s");
  const check = ({ status = "authentic", floor = 0 }: Step) => ({ status, floor }) as const;
  for (const [index, step] of context.entries()) {
    const revision = step.revision ?? first - context.length + index;
    await walk.add(entryOf(revision, step), check(step));
  }
  const found: string[] = [];
  for (const [index, step] of steps.entries()) {
    const revision = step.revision ?? first + index;
    for (const { kind, detail, isLoss, missing } of await walk.check(entryOf(revision, step), check(step))) {
      const range = missing ? ` [${missing.join("-")}]` : "";
      found.push(`${revision} ${kind}${isLoss ? "" : "!"}: ${detail}${range}`);
    }
  }
  if (end === undefined) return found;
  for (const { kind, detail, isLoss, missing } of await walk.finish(end as StoreRow)) {
    const range = missing ? ` [${missing.join("-")}]` : "";
    found.push(`${kind}${isLoss ? "" : "!"}: ${detail}${range}`);
  }
  return found;
}

const missing = (first: number, last = first): string =>
  first === last
    ? `broken_epoch: the entry that raised epoch ${first} is missing [${first}-${first}]`
    : `broken_epoch: the entries that raised epochs ${first} to ${last} are missing [${first}-${last}]`;
const otherState = (epoch: number): string =>
  `broken_state!: saw another store row in epoch ${epoch} than the entries before it led to`;
const otherKey = (id: string, expected: string): string =>
  `broken_state: is under key "${id}", but the store row was under key "${expected}"`;
const unexpected = (epoch: number, expected: number): string =>
  `broken_epoch!: was decided on epoch ${epoch}, expected ${expected}`;
const notOf = (epoch: number, base: number): string =>
  `broken_epoch!: was decided on epoch ${epoch}, which is not that of revision ${base}`;

describe("the epochs of", () => {
  it.each<readonly [string, readonly Step[]]>([
    ["one entry", [plain(0)]],
    ["entries that raise nothing", [plain(0), plain(0), plain(0)]],
    ["entries that raise the epoch", [raising(0), raising(1), plain(2), raising(2), plain(3)]],
    ["an entry that was decided before a raise and committed after it", [plain(0), raising(0), plain(0, { base: 1 })]],
    ["an entry whose base is the raise", [plain(0), raising(0), plain(1, { base: 2 })]],
  ])("%s are right", async (_, steps) => {
    const epoch = steps.reduce((sum, { raises }) => sum + Number(raises ?? false), 0);
    expect(await problemsIn(steps, { end: { epoch, mac: macs[epoch]! } })).toEqual([]);
  });

  it.each<readonly [string, readonly Step[], readonly string[]]>([
    ["a first entry that skips an epoch", [plain(1)], [`1 ${missing(0)}`]],
    ["a first entry that skips several", [raising(3)], [`1 ${missing(0, 2)}`]],
    ["a lost entry", [raising(0), plain(2), plain(2)], [`2 ${missing(1)}`]],
    ["two losses", [raising(0), plain(2), raising(4)], [`2 ${missing(1)}`, `3 ${missing(2, 3)}`]],
    [
      "a late base after a loss",
      [raising(0), raising(2, { revision: 3 }), plain(1, { revision: 4, base: 1 })],
      [`3 ${missing(1)}`],
    ],
    [
      "two entries that raise one epoch",
      [raising(0), raising(0, { base: 0 })],
      ["2 forked_epoch!: raised epoch 0, which the entry at revision 1 raised already"],
    ],
    [
      "two entries that raise an earlier epoch",
      [raising(0), raising(1), raising(0, { base: 0 })],
      ["3 forked_epoch!: raised epoch 0, which the entry at revision 1 raised already"],
    ],
    [
      "an entry that raises an epoch whose entry was lost, after it",
      [plain(0), raising(1), raising(0, { base: 1 })],
      [`2 ${missing(0)}`, `3 ${unexpected(0, 2)}`],
    ],
    ["an epoch before the one of its base", [plain(0), raising(0), plain(0, { base: 2 })], [`3 ${notOf(0, 2)}`]],
    ["an epoch that its base had not reached", [plain(0), raising(0), plain(1, { base: 1 })], [`3 ${notOf(1, 1)}`]],
  ])("%s are wrong", async (_, steps, expected) => {
    expect(await problemsIn(steps)).toEqual(expected);
  });

  it.each<readonly [string, EntryCheck["status"], readonly Step[], readonly string[]]>([
    ["a higher epoch", "not_authentic", [plain(0), plain(3)], ["2 broken_epoch: was decided on epoch 3, expected 0"]],
    ["a higher epoch", "unverified", [plain(0), plain(2)], [`2 ${missing(0, 1)}`]],
    ["a lower epoch", "not_authentic", [raising(0), raising(0, { base: 0 })], []],
    ["the expected epoch", "not_authentic", [raising(0), raising(1)], []],
    [
      "a fork",
      "unverified",
      [raising(0), raising(0, { base: 0 })],
      ["2 forked_epoch: raised epoch 0, which the entry at revision 1 raised already"],
    ],
    [
      "a lower epoch",
      "unverified",
      [raising(1), raising(0)],
      [`1 ${missing(0)}`, "2 broken_epoch: was decided on epoch 0, expected 2"],
    ],
    [
      "a base of another epoch",
      "unverified",
      [plain(0), raising(0), plain(0, { base: 2 })],
      ["3 broken_epoch: was decided on epoch 0, which is not that of revision 2"],
    ],
    [
      "a base of another epoch, in the expected one",
      "not_authentic",
      [plain(0), raising(0), plain(1, { base: 1 })],
      ["3 broken_epoch: was decided on epoch 1, which is not that of revision 1"],
    ],
  ])("an entry with %s that is %s can be acknowledged", async (_, status, steps, expected) => {
    expect(await problemsIn([...steps.slice(0, -1), { ...steps.at(-1)!, status }])).toEqual(expected);
  });

  it("an entry that does not verify count only if it claims the expected epoch", async () => {
    const forged = { status: "not_authentic" } as const;
    expect(await problemsIn([plain(0), raising(5, forged), plain(0)])).toEqual([
      "2 broken_epoch: was decided on epoch 5, expected 0",
    ]);
    expect(await problemsIn([raising(0), raising(5, forged), plain(3)])).toEqual([
      "2 broken_epoch: was decided on epoch 5, expected 1",
      `3 ${missing(1, 2)}`,
    ]);
    expect(await problemsIn([plain(0), raising(0, forged), plain(1)])).toEqual([]);
    expect(await problemsIn([plain(0), raising(0, forged), plain(0)])).toEqual([`3 ${notOf(0, 2)}`]);
  });

  it("an entry that claims a huge epoch are listed up to 100 000", async () => {
    expect(await problemsIn([plain(0), plain(2 ** 40, { status: "unverified" })])).toEqual([
      `2 ${missing(2 ** 40 - 100_000, 2 ** 40 - 1)}`,
    ]);
  });
});

describe("a walk that starts later", () => {
  it.each<readonly [string, readonly Step[], readonly Step[], readonly string[]]>([
    ["without context", [], [plain(5), plain(5)], []],
    ["without context, then a loss", [], [plain(3), plain(5)], [`8 ${missing(3, 4)}`]],
    ["after the entry that raised the epoch", [raising(3)], [plain(4), raising(4), plain(5)], []],
    ["after a loss", [raising(3)], [plain(5)], [`7 ${missing(4)}`]],
    ["after a plain entry", [plain(3)], [plain(4)], [`7 ${missing(3)}`]],
    ["after a loss that an earlier part reported", [raising(1), raising(3)], [plain(4)], []],
    [
      "at a fork",
      [raising(3)],
      [raising(3)],
      ["7 forked_epoch!: raised epoch 3, which the entry at revision 6 raised already"],
    ],
    ["before the epoch of the context", [raising(3)], [raising(2)], [`7 ${unexpected(2, 4)}`]],
    [
      "after a forged entry that claims a higher epoch",
      [raising(3), raising(5, { status: "not_authentic" })],
      [plain(4)],
      [],
    ],
    ["at a state that the context led to", [raising(3)], [plain(4, { state: ZEROS })], [`7 ${otherState(4)}`]],
    ["at a state that the context saw", [plain(3)], [plain(3, { state: ZEROS })], [`7 ${otherState(3)}`]],
  ])("%s", async (_, context, steps, expected) => {
    expect(await problemsIn(steps, { context, first: 7 })).toEqual(expected);
  });

  it("keeps the entry that raised an epoch first", async () => {
    const context = [raising(3), raising(3, { leadsTo: describeState({ ...stateIn(4), generation: "x" }) })];
    expect(await problemsIn([plain(4)], { context, first: 7 })).toEqual([]);
  });

  it("does not know the store row after an entry that does not verify", async () => {
    for (const status of ["not_authentic", "unverified"] as const) {
      const context = [raising(3, { status, leadsTo: describeState({ ...stateIn(4), generation: "x" }) })];
      expect(await problemsIn([plain(4)], { context, first: 7 })).toEqual([]);
      const seen = [plain(3, { status, state: ZEROS })];
      expect(await problemsIn([plain(3)], { context: seen, first: 7 })).toEqual([]);
    }
  });

  it("compares with the first entry that saw a store row", async () => {
    const context = [plain(3), plain(3, { state: ZEROS })];
    expect(await problemsIn([plain(3)], { context, first: 7 })).toEqual([]);
  });

  it("does not compare with an entry that saw none", async () => {
    expect(await problemsIn([plain(3)], { context: [plain(3, { state: null })], first: 7 })).toEqual([]);
  });
});

describe("the audit floor", () => {
  const at = (floor: number) => ({ floor });

  it("explains missing entries that were pruned", async () => {
    // Entries 2 and 3, which raised epochs 0 and 1, were pruned.
    expect(await problemsIn([plain(0, at(3)), plain(2, { revision: 4, base: 3, ...at(3) })])).toEqual([]);
    expect(
      await problemsIn([plain(2, { revision: 3, base: 2, ...at(3) }), plain(2, { revision: 4, ...at(3) })]),
    ).toEqual([]);
  });

  it("does not explain an entry above it that is missing", async () => {
    const kept = raising(1, { revision: 3, base: 2, ...at(3) });
    expect(await problemsIn([kept, plain(4, { revision: 5, ...at(3) })])).toEqual([`5 ${missing(2, 3)}`]);
    expect(
      await problemsIn([{ ...kept, raises: false, base: 3, revision: 4 }, plain(3, { revision: 5, ...at(3) })]),
    ).toEqual([`5 ${missing(1, 2)}`]);
    expect(await problemsIn([{ ...kept, raises: false }, plain(3, { revision: 5, ...at(3) })])).toEqual([]);
  });

  it("that is raised during the walk explains what is missing from then on", async () => {
    expect(await problemsIn([plain(0), plain(2, { revision: 4, base: 3, ...at(3) })])).toEqual([]);
    expect(await problemsIn([plain(0, at(0)), plain(2, { revision: 4, base: 3, ...at(0) })])).toEqual([
      `4 ${missing(0, 1)}`,
    ]);
    // An entry above the new floor ends that.
    const above = plain(2, { revision: 4, base: 3, ...at(3) });
    expect(await problemsIn([plain(0), above, plain(3, { revision: 5, ...at(3) })])).toEqual([`5 ${missing(2)}`]);
  });

  it("counts for the context too", async () => {
    const context = [raising(1, { revision: 3, ...at(3) })];
    expect(await problemsIn([plain(4, { revision: 5, ...at(3) })], { context })).toEqual([`5 ${missing(2, 3)}`]);
    const pruned = [raising(1, { revision: 2, ...at(3) })];
    expect(await problemsIn([plain(4, { revision: 5, ...at(3) })], { context: pruned })).toEqual([]);
  });
});

describe("the store row that an entry saw", () => {
  it.each<readonly [string, readonly Step[], readonly string[]]>([
    ["the first entry, which saw none", [plain(0)], []],
    ["a first entry that claims one", [plain(0, { state: ZEROS })], [`1 ${otherState(0)}`]],
    [
      "a first entry in a later epoch that claims one",
      [plain(1, { state: ZEROS })],
      [`1 ${missing(0)}`, `1 ${otherState(1)}`],
    ],
    ["another entry that saw none", [plain(0), plain(0, { state: null })], [`2 ${otherState(0)}`]],
    ["another one than before", [plain(0), plain(0), plain(0, { state: ZEROS })], [`3 ${otherState(0)}`]],
    ["another one than the entries led to", [raising(0), plain(1, { state: ZEROS })], [`2 ${otherState(1)}`]],
    ["one that the first commit did not sign", [plain(0), plain(0, { state: ZEROS })], [`2 ${otherState(0)}`]],
    ["one that a registration may have seen", [plain(0), raising(0, { state: ZEROS })], []],
    ["one after an entry that was lost", [raising(0), plain(3, { state: ZEROS })], [`2 ${missing(1, 2)}`]],
  ])("%s", async (_, steps, expected) => {
    expect(await problemsIn(steps)).toEqual(expected);
  });

  it("is not judged for entries that do not verify", async () => {
    for (const status of ["not_authentic", "unverified"] as const) {
      expect(await problemsIn([plain(0), plain(0, { state: ZEROS, status }), plain(0)])).toEqual([]);
    }
  });

  it("may have been signed by any key of the ring", async () => {
    const state = await signState(ring.keys[1]!, stateIn(0, "b"));
    expect(await problemsIn([plain(0), plain(0, { state })])).toEqual([]);
    expect(await problemsIn([plain(0), plain(0, { state })], { by: await ringOf(KEY_A) })).toEqual([
      `2 ${otherState(0)}`,
    ]);
  });

  it("is unknown after an entry that led to a key outside the ring", async () => {
    expect(await problemsIn([raising(0), plain(1, { state: ZEROS })], { by: onlyB })).toEqual([]);
  });
});

describe("the key of an entry", () => {
  const toB = (epoch: number): Pick<AuditRow, "leadsTo" | "keyId"> => ({
    leadsTo: describeState(stateIn(epoch, "b")),
    keyId: "b",
  });

  it.each<readonly [string, readonly Step[], readonly string[]]>([
    ["unknown before the first raise", [plain(0, { keyId: "z" }), plain(0)], []],
    ["the one that the entries led to", [raising(0), plain(1)], []],
    ["another one", [raising(0), plain(1, { keyId: "z" })], [`2 ${otherKey("z", "a")}`]],
    [
      "another one, twice",
      [raising(0), plain(1, { keyId: "z" }), plain(1, { keyId: "z" })],
      [`2 ${otherKey("z", "a")}`, `3 ${otherKey("z", "a")}`],
    ],
    [
      "one of the ring, whose registration was lost: one problem",
      [raising(0), plain(1, { keyId: "b" }), plain(1, { keyId: "b" })],
      [`2 ${otherKey("b", "a")}`],
    ],
    [
      "one of the ring, whose registration was lost, and then another one",
      [raising(0), plain(1, { keyId: "b" }), plain(1, { keyId: "z" })],
      [`2 ${otherKey("b", "a")}`, `3 ${otherKey("z", "b")}`],
    ],
    ["the one that a registration registers", [raising(0), raising(1, toB(2))], []],
    ["not the one that a raise leads to", [raising(0), raising(1, { keyId: "b" })], [`2 ${otherKey("b", "a")}`]],
    ["no key in what a raise leads to", [raising(0, { leadsTo: "{}" })], [`1 ${otherKey("a", "")}`]],
    [
      "what a raise leads to cannot be parsed",
      [raising(0, { leadsTo: "{", status: "unverified" })],
      [`1 ${otherKey("a", "")}`],
    ],
  ])("%s", async (_, steps, expected) => {
    expect(await problemsIn(steps)).toEqual(expected);
  });

  it("is not judged if the entry does not verify, but if it is only unverified", async () => {
    expect(await problemsIn([raising(0), plain(1, { keyId: "z", status: "not_authentic" })])).toEqual([]);
    expect(await problemsIn([raising(0), plain(1, { keyId: "z", status: "unverified" })])).toEqual([
      `2 ${otherKey("z", "a")}`,
    ]);
  });

  it("is unknown after a raise that does not verify", async () => {
    expect(await problemsIn([raising(0, { status: "not_authentic" }), plain(1, { keyId: "z" })])).toEqual([]);
  });

  it("is that of the newest raise, whichever comes with the context first", async () => {
    const context = [raising(3, { revision: 5, ...toB(4) }), raising(2, { revision: 4 })];
    const state = await signState(ring.keys[1]!, stateIn(4, "b"));
    expect(await problemsIn([plain(4, { keyId: "b", state })], { context, first: 7 })).toEqual([]);
  });

  it("is not learned from an entry that raises nothing", async () => {
    const context = [raising(3, { revision: 5 }), plain(4, { revision: 6, keyId: "z" })];
    expect(await problemsIn([plain(4)], { context, first: 7 })).toEqual([]);
  });
});

describe("the end of the audit", () => {
  const end = (epoch: number, mac: Bytes | null = macs[epoch] ?? null) => ({ epoch, mac });

  it("is not judged in an empty store, or without entries", async () => {
    expect(await problemsIn([plain(0)], { end: { epoch: 5, mac: null } })).toEqual([]);
    expect(await problemsIn([], { end: { epoch: 5, mac: ZEROS } })).toEqual([]);
  });

  it("must lead to the store row", async () => {
    const steps = [raising(0), plain(1)];
    expect(await problemsIn(steps, { end: end(1) })).toEqual([]);
    expect(await problemsIn(steps, { end: end(1, ZEROS) })).toEqual([otherState(1)]);
    expect(await problemsIn(steps, { end: end(2) })).toEqual([missing(1)]);
    expect(await problemsIn(steps, { end: end(4) })).toEqual([missing(1, 3)]);
    expect(await problemsIn(steps, { end: end(0) })).toEqual([
      "broken_epoch!: the entries lead to epoch 1, but the store has epoch 0",
    ]);
    expect(await problemsIn([plain(0), plain(0)], { end: end(0) })).toEqual([]);
    expect(await problemsIn([plain(0), plain(0)], { end: end(0, ZEROS) })).toEqual([otherState(0)]);
  });
});
