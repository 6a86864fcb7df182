import { describe, expect, it } from "vitest";
import { emptyState } from "../../store/memory/memory-store.ts";
import { type JudgedState, judge } from "./judge.ts";
import { lineOf, type Mark } from "./mark.ts";

const bytes = (seed: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(seed);

const STATE: JudgedState = {
  store: { ...emptyState("s").store, revision: 10, epoch: 4, auditFloor: 3, keyId: "a", mac: bytes(40) },
  newest: bytes(10),
  entryMacs: [
    { revision: 2, mac: bytes(2) },
    { revision: 6, mac: bytes(6) },
  ],
};

const markAt = (revision: number, epoch: number): Mark => ({
  ...lineOf(STATE.store),
  revision,
  epoch,
  entryMac: bytes(revision).slice(0, 16),
  storeMac: bytes(10 * epoch).slice(0, 8),
  keyId: "a",
});

const other = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(99);
const atFloor = { ...STATE.store, auditFloor: 5 };

describe("a state, held against a mark", () => {
  it.each<[string, Partial<Mark>, Partial<JudgedState>, ReturnType<typeof judge>]>([
    ["of this moment", markAt(10, 4), {}, undefined],
    ["of an earlier revision", markAt(6, 4), {}, undefined],
    ["of an earlier epoch", markAt(6, 3), {}, undefined],
    [
      "of an earlier epoch, whose store row is not known any more",
      { ...markAt(6, 3), storeMac: other(8) },
      {},
      undefined,
    ],
    ["of another store", { store: "0123456789abcdef" }, {}, "other_store"],
    ["of another store and generation", { store: "0123456789abcdef", generation: "0" }, {}, "other_store"],
    ["of another generation", { generation: "0123456789abcdef" }, {}, "store_replaced"],
    ["of another generation and a later revision", { ...markAt(99, 99), generation: "0" }, {}, "store_replaced"],
    ["of a later revision", markAt(11, 4), {}, "store_behind"],
    ["of a later revision and epoch", markAt(11, 5), {}, "store_behind"],
    ["of a later epoch", markAt(10, 5), {}, "store_went_back"],
    ["of another entry", { ...markAt(6, 3), entryMac: other(16) }, {}, "store_went_back"],
    ["of another newest entry", { ...markAt(10, 4), entryMac: other(16) }, {}, "store_went_back"],
    ["of another store row", { ...markAt(6, 4), storeMac: other(8) }, {}, "store_went_back"],
    ["of a store row that has lost its MAC", {}, { store: { ...STATE.store, mac: null } }, "store_went_back"],
    ["of an entry that is missing", markAt(7, 3), {}, "store_went_back"],
    ["of a newest entry that is missing", markAt(10, 4), { newest: null }, "store_went_back"],
    ["of a pruned entry", markAt(5, 3), { store: atFloor }, undefined],
    ["of an entry just above the floor", markAt(4, 3), {}, "store_went_back"],
    [
      "of a pruned entry, but another store row",
      { ...markAt(5, 4), storeMac: other(8) },
      { store: atFloor },
      "store_went_back",
    ],
    ["of a pruned entry, but a later epoch", markAt(5, 5), { store: atFloor }, "store_went_back"],
    ["of an entry below the floor that was kept", markAt(2, 1), {}, undefined],
    ["of another entry below the floor", { ...markAt(2, 1), entryMac: other(16) }, {}, "store_went_back"],
    [
      "of a lost entry, once lost entries were acknowledged",
      markAt(7, 3),
      { store: { ...STATE.store, acknowledged: 1 } },
      "bookmark_expired",
    ],
    [
      "of a lost entry that no acknowledgement can cover, because none was made in its epoch",
      markAt(7, 4),
      { store: { ...STATE.store, acknowledged: 1 } },
      "store_went_back",
    ],
    [
      "of another entry, once lost entries were acknowledged",
      { ...markAt(6, 3), entryMac: other(16) },
      { store: { ...STATE.store, acknowledged: 1 } },
      "store_went_back",
    ],
  ])("%s", (_, mark, state, fault) => {
    expect(judge({ ...markAt(10, 4), ...mark }, { ...STATE, ...state })).toBe(fault);
  });
});
