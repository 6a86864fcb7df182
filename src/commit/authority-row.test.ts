import { describe, expect, it } from "vitest";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError, type SealFault } from "../seal/seal-error.ts";
import type { Bytes, StoreRow } from "../store/rows.ts";
import { memberOf } from "./authority/member.ts";
import { slotOf } from "./authority/slot.ts";
import { AuthorityTrie } from "./authority/trie.ts";
import {
  authorityIn,
  type AuthorityRow,
  type AuthorityTable,
  findReplaceable,
  requireCurrentRow,
  requirePossibleRow,
  restOn,
  slotOfRow,
  verifyAuthorityRow,
  withRow,
} from "./authority-row.ts";
import { emptyState } from "./store-row.ts";

interface Row extends AuthorityRow {
  readonly name: string;
  readonly seal: Bytes;
}

interface Value {
  readonly version: number;
  readonly openedIn: string;
}

const ring = {} as KeyRing;
const bytes = (seed: number): Bytes => new Uint8Array(16).fill(seed);

const TABLE: AuthorityTable<Row, Value> = {
  table: "policies",
  kind: "policy",
  title: (name) => `policy "${name}"`,
  nameOf: ({ name }) => name,
  query: (name) => ({ policy: { name, slot: 0 } }),
  rowIn: () => undefined,
  sealOf: ({ seal }) => seal,
  open: async (_, openedIn, { version, seal }) => {
    await Promise.resolve();
    if (seal[0] === 66) throw new SealError("not_authentic", "a seal");
    if (seal[0] === 77) throw new TypeError("a fault of the program");
    return { version, openedIn };
  },
  removal: (name, seen) => ({ policy: { kind: "remove", seen, name } }),
};

const ROW: Row = { name: "p", version: 5, base: 4, epoch: 2, seal: bytes(1) };
const STORE: StoreRow = { ...emptyState("s", "a"), revision: 9, epoch: 3, mac: null, schemaVersion: 2 };
const EMPTY = AuthorityTrie.of([]);
const FULL = withRow(TABLE, EMPTY, { name: "p", row: ROW });

const fault = (detail: string) => ({ name: "SealError", reason: "inconsistent", detail: `policy "p" ${detail}` });
const NOT_CURRENT = fault("is not the one that the authority trie contains");
const IMPOSSIBLE = fault("has a base, epoch or version that this store cannot have");
const MISSING = fault("is missing");
const OTHER_NAME = fault("was requested, but another row was loaded");

describe("an authority row", () => {
  it("is in the slot of its resource, as a digest of its seal", () => {
    expect(slotOfRow(TABLE, "p")).toEqual(slotOf("policy:p"));
    expect(FULL.memberIn(slotOf("policy:p"))).toEqual(memberOf("policy:p", ROW.seal));
    expect(withRow(TABLE, FULL, { name: "p", row: undefined }).root).toEqual(EMPTY.root);
    const { store, trie } = authorityIn({ store: { ...STORE, authority: FULL.root }, nodes: FULL.changes });
    expect(store.authority).toBe(trie.root);
    expect(trie.memberIn(slotOf("policy:p"))).toEqual(memberOf("policy:p", ROW.seal));
  });

  it("can be required in its row version", () => {
    expect(restOn(TABLE, ROW)).toEqual({ table: "policies", name: "p", version: 5 });
  });

  it.each<readonly [boolean, Partial<Row>]>([
    [true, {}],
    [true, { version: 9 }],
    [true, { base: 0, epoch: 0 }],
    [false, { version: 10 }],
    [false, { version: 4 }],
    [false, { base: 5 }],
    [false, { base: 6 }],
    [false, { epoch: 3 }],
    [false, { epoch: 4 }],
  ])("is possible in its store: %s, if it has %o", (isPossible, columns) => {
    const row = { ...ROW, ...columns };
    const possible = () => requirePossibleRow(TABLE, STORE, row);
    const current = () => requireCurrentRow(TABLE, { store: STORE, trie: FULL }, row);
    if (isPossible) {
      expect(possible).not.toThrow();
      expect(current).not.toThrow();
    } else {
      expect(possible).toThrow(expect.objectContaining(IMPOSSIBLE));
      expect(current).toThrow(expect.objectContaining(IMPOSSIBLE));
    }
  });

  it.each([
    ["the trie is empty", EMPTY, ROW],
    ["the trie contains another row of its name", FULL, { ...ROW, seal: bytes(2) }],
    ["the trie contains a row of another name with its seal", FULL, { ...ROW, name: "q" }],
  ])("is not current if %s", (_, trie, row) => {
    const detail = { ...NOT_CURRENT, detail: NOT_CURRENT.detail.replace('"p"', `"${row.name}"`) };
    expect(() => requireCurrentRow(TABLE, { store: STORE, trie }, row)).toThrow(expect.objectContaining(detail));
  });
});

/** What a request finds under the name `p`. */
const SITUATIONS: readonly (readonly [string, Row | undefined, AuthorityTrie])[] = [
  ["the row", ROW, FULL],
  ["nothing", undefined, EMPTY],
  ["no row, but a member", undefined, FULL],
  ["a row, but no member", ROW, EMPTY],
  ["a row that is not the member", { ...ROW, seal: bytes(2) }, FULL],
  ["a row of another name", { ...ROW, name: "q" }, FULL],
  ["a row that cannot be", { ...ROW, version: 77 }, FULL],
  [
    "a row that does not open",
    { ...ROW, seal: bytes(66) },
    withRow(TABLE, EMPTY, { name: "p", row: { ...ROW, seal: bytes(66) } }),
  ],
];
const found = (situation: string) => {
  const entry = SITUATIONS.find(([name]) => name === situation);
  if (entry === undefined) throw new Error(situation);
  return { ring, store: STORE, name: "p", row: entry[1], trie: entry[2] };
};

describe("a row loaded by its name", () => {
  it("is opened in its store, and undefined if it does not exist", async () => {
    expect(await verifyAuthorityRow(TABLE, found("the row"))).toEqual({ version: 5, openedIn: "s" });
    expect(await verifyAuthorityRow(TABLE, found("nothing"))).toBeUndefined();
  });

  it.each([
    ["no row, but a member", MISSING],
    ["a row, but no member", NOT_CURRENT],
    ["a row that is not the member", NOT_CURRENT],
    ["a row of another name", OTHER_NAME],
    ["a row that cannot be", IMPOSSIBLE],
    ["a row that does not open", { reason: "not_authentic", detail: "a seal" }],
  ])("is refused for %s", async (situation, expected) => {
    await expect(verifyAuthorityRow(TABLE, found(situation))).rejects.toMatchObject(expected);
  });
});

describe("what a put replaces or a delete removes", () => {
  const find = async (situation: string) => {
    const reports: SealFault[] = [];
    const replaceable = await findReplaceable(TABLE, { ...found(situation), report: (each) => reports.push(each) });
    return { replaceable, reports };
  };

  it("is the verified row, or nothing", async () => {
    const value = { version: 5, openedIn: "s" };
    expect(await find("the row")).toEqual({ replaceable: { version: 5, seen: 5, value }, reports: [] });
    expect(await find("nothing")).toEqual({ replaceable: undefined, reports: [] });
  });

  it.each([
    ["no row, but a member", { version: 0, seen: undefined }, MISSING],
    ["a row, but no member", { version: 5, seen: null }, NOT_CURRENT],
    ["a row that is not the member", { version: 5, seen: null }, NOT_CURRENT],
    ["a row that cannot be", { version: 77, seen: null }, IMPOSSIBLE],
    ["a row that does not open", { version: 5, seen: null }, { reason: "not_authentic", detail: "a seal" }],
  ])("is %s, which is reported", async (situation, replaceable, { reason, detail }) => {
    expect(await find(situation)).toEqual({
      replaceable: { ...replaceable, value: undefined },
      reports: [{ reason: `seal_${reason}`, detail }],
    });
  });

  it("is never a row of another name", async () => {
    await expect(find("a row of another name")).rejects.toMatchObject(OTHER_NAME);
  });

  it("is unknown if the trie does not verify", async () => {
    const trie = new AuthorityTrie({ root: bytes(9), nodes: [] });
    const report = () => expect.fail("nothing is reported");
    for (const situation of ["the row", "nothing"]) {
      await expect(findReplaceable(TABLE, { ...found(situation), trie, report })).rejects.toMatchObject({
        reason: "inconsistent",
        detail: "node 1 of the authority trie is not the one that the store row leads to",
      });
    }
  });

  it("is unknown if opening the row fails for another reason", async () => {
    const row = { ...ROW, seal: bytes(77) };
    const trie = withRow(TABLE, EMPTY, { name: "p", row });
    const report = () => expect.fail("nothing is reported");
    await expect(findReplaceable(TABLE, { ring, store: STORE, name: "p", row, trie, report })).rejects.toThrow(
      TypeError,
    );
  });
});
