import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import type { KeyRing, RingKey } from "../seal/key-ring.ts";
import type { Bytes, StoreRow } from "../store/rows.ts";
import {
  describeState,
  emptyState,
  findOtherId,
  firstCommit,
  parseState,
  requireRegisteredKeys,
  signState,
  toKeyRow,
  verifyStore,
  verifyStoreRow,
  writingRing,
} from "./store-row.ts";

/** The key of {@link KEY_A} under another id. */
const KEY_A_AS_C = KEY_A.replace("a:", "c:");
const EMPTY: StoreRow = {
  ...emptyState("s", "a"),
  revision: 0,
  keyId: null,
  mac: null,
  schemaVersion: 2,
};
const bytes = (seed: number): Bytes => new Uint8Array(16).fill(seed);
const fault = (reason: string, detail: string) => ({ name: "SealError", reason, detail });

let ring: KeyRing;
let a: RingKey;
let b: RingKey;
/** The same key as `a`. */
let c: RingKey;
beforeAll(async () => {
  ring = await ringOf(KEY_A, KEY_B);
  [a, b] = ring.keys as [RingKey, RingKey];
  c = (await ringOf(KEY_A_AS_C)).primary;
});

/** A store row that the service signed, at revision 7. */
async function signed(overrides: Partial<StoreRow> = {}): Promise<StoreRow> {
  const columns = { epoch: 3, auditFloor: 2, authority: bytes(1), generation: "g", acknowledged: 1, keyId: "a" };
  const row = { ...EMPTY, ...columns, revision: 7 };
  return { ...row, mac: await signState(a, row), ...overrides };
}

describe("an empty store", () => {
  it("verifies without a MAC", async () => {
    await expect(verifyStore(ring, { store: EMPTY, newest: null, keys: [] })).resolves.toBeUndefined();
  });

  it.each<readonly [string, Partial<StoreRow>, { readonly newest?: Bytes; readonly hasKey?: boolean }]>([
    ["an epoch", { epoch: 1 }, {}],
    ["an audit floor", { auditFloor: 1 }, {}],
    ["an acknowledgement", { acknowledged: 1 }, {}],
    ["a generation", { generation: "g" }, {}],
    ["authority rows", { authority: bytes(1) }, {}],
    ["a key id", { keyId: "a" }, {}],
    ["a MAC", { mac: bytes(1) }, {}],
    ["a key id and a MAC", { keyId: "a", mac: bytes(1) }, {}],
    ["a registered key", {}, { hasKey: true }],
    ["an audit entry", {}, { newest: bytes(1) }],
  ])("has revision 0 but not %s", async (_, columns, { newest = null, hasKey = false }) => {
    const state = { store: { ...EMPTY, ...columns }, newest, keys: hasKey ? [toKeyRow(a, 5)] : [] };
    await expect(verifyStoreRow(ring, state)).rejects.toMatchObject(
      fault("inconsistent", "the store has revision 0 but is not empty"),
    );
  });
});

describe("a store row", () => {
  it("verifies under its key, which need not be the primary key", async () => {
    const keys = [toKeyRow(a, 5)];
    const state = { store: await signed(), newest: bytes(2), keys };
    await expect(verifyStore(ring, state)).resolves.toBeUndefined();
    await expect(verifyStore({ ...ring, primary: b }, state)).resolves.toBeUndefined();
  });

  it("verifies whatever its revision and schema version are, because no MAC covers them", async () => {
    for (const columns of [{ revision: 1 }, { revision: 99 }, { schemaVersion: 3 }]) {
      const state = { store: await signed(columns), newest: bytes(2), keys: [] };
      await expect(verifyStore(ring, state)).resolves.toBeUndefined();
    }
  });

  it.each<readonly [Partial<StoreRow>, string, string]>([
    [{ storeId: "t" }, "not_authentic", 'MAC of "store" does not verify'],
    [{ epoch: 2 }, "not_authentic", 'MAC of "store" does not verify'],
    [{ auditFloor: 1 }, "not_authentic", 'MAC of "store" does not verify'],
    [{ authority: bytes(2) }, "not_authentic", 'MAC of "store" does not verify'],
    [{ generation: "h" }, "not_authentic", 'MAC of "store" does not verify'],
    [{ acknowledged: 0 }, "not_authentic", 'MAC of "store" does not verify'],
    [{ keyId: "b" }, "not_authentic", 'MAC of "store" does not verify'],
    [{ mac: bytes(1) }, "not_authentic", 'MAC of "store" does not verify'],
    [{ keyId: "z" }, "unknown_key", 'key id "z" is not in the ring'],
    [{ keyId: null }, "inconsistent", "the store row has no MAC"],
    [{ mac: null }, "inconsistent", "the store row has no MAC"],
  ])("altered to %o does not verify", async (columns, reason, detail) => {
    const state = { store: await signed(columns), newest: bytes(2), keys: [toKeyRow(a, 5)] };
    await expect(verifyStore(ring, state)).rejects.toMatchObject(fault(reason, detail));
    await expect(verifyStoreRow(ring, state)).rejects.toMatchObject(fault(reason, detail));
  });

  it("does not verify without the newest audit entry, except for the repair of the audit", async () => {
    const state = { store: await signed(), newest: null, keys: [] };
    await expect(verifyStore(ring, state)).rejects.toMatchObject(
      fault("inconsistent", "the newest audit entry, 7, is missing"),
    );
    await expect(verifyStoreRow(ring, state)).resolves.toBeUndefined();
  });

  it("does not verify if the ring has another key with a registered id", async () => {
    const other = await ringOf(KEY_B.replace("b:", "a:"));
    const state = { store: await signed(), newest: bytes(2), keys: [toKeyRow(a, 5)] };
    await expect(verifyStore(other, state)).rejects.toMatchObject({ reason: "wrong_key" });
  });
});

describe("registered keys", () => {
  it("may be missing in the ring, and the ring may have others", () => {
    requireRegisteredKeys({ primary: a, keys: [a] }, [toKeyRow(b, 5)]);
    requireRegisteredKeys(ring, []);
    requireRegisteredKeys(ring, [toKeyRow(b, 5), toKeyRow(a, 5)]);
    expect(() => requireRegisteredKeys(ring, [toKeyRow(a, 5), { ...toKeyRow(b, 5), checkValue: a.check }])).toThrow(
      expect.objectContaining(
        fault("wrong_key", 'the key with id "b" is not the key that this store registered under that id'),
      ),
    );
  });

  it("are rows of id, check value and time", () => {
    expect(toKeyRow(a, 5)).toEqual({ keyId: "a", checkValue: a.check, createdAt: 5 });
  });
});

describe("the ring for writing", () => {
  it("has the key of the store row as its primary key", async () => {
    const store = await signed();
    expect(writingRing({ ...ring, primary: b }, { store, keys: [toKeyRow(b, 5), toKeyRow(a, 5)] })).toEqual(ring);
  });

  it("is the ring itself for an empty store", () => {
    expect(writingRing(ring, { store: EMPTY, keys: [] })).toBe(ring);
  });

  it("needs that key, and its check value in the store", async () => {
    const store = await signed();
    expect(() => writingRing({ primary: b, keys: [b] }, { store, keys: [toKeyRow(a, 5)] })).toThrow(
      expect.objectContaining(fault("unknown_key", 'key id "a" is not in the ring')),
    );
    for (const keys of [[], [toKeyRow(b, 5)]]) {
      expect(() => writingRing(ring, { store, keys })).toThrow(
        expect.objectContaining(
          fault("unregistered_key", 'key id "a" signed the store row but is not registered in this store'),
        ),
      );
    }
  });
});

describe("another id of a key", () => {
  it("is found in the ring and in the store", () => {
    const both = { primary: a, keys: [b, a, c] };
    expect(findOtherId(a, { ring: both, keys: [] })).toBe("c");
    expect(findOtherId(c, { ring: both, keys: [] })).toBe("a");
    expect(findOtherId(c, { ring: { primary: c, keys: [c] }, keys: [toKeyRow(b, 5), toKeyRow(a, 5)] })).toBe("a");
  });

  it("does not exist for different keys, nor for the key under its own id", () => {
    expect(findOtherId(a, { ring, keys: [toKeyRow(a, 5), toKeyRow(b, 5)] })).toBeUndefined();
    expect(findOtherId(a, { ring: { primary: b, keys: [b] }, keys: [] })).toBeUndefined();
  });
});

describe("the first commit", () => {
  it("registers the whole ring and signs the row that it leads to", async () => {
    const init = await firstCommit(ring, EMPTY, 5);
    expect(init).toEqual({
      keys: [toKeyRow(a, 5), toKeyRow(b, 5)],
      keyId: "a",
      mac: await signState(a, emptyState("s", "a")),
    });
    const { keys, ...signature } = init;
    await verifyStore(ring, { store: { ...EMPTY, ...signature, revision: 1 }, newest: bytes(1), keys });
  });

  it("is refused if the ring has one key under two ids", async () => {
    await expect(firstCommit({ primary: b, keys: [b, c, a] }, EMPTY, 5)).rejects.toMatchObject(
      fault("duplicate_key", 'the key with id "c" is also in the ring under another id'),
    );
  });
});

describe("a described state", () => {
  it("contains all signed columns but the store id, and is parsed again", async () => {
    const { storeId, epoch, auditFloor, authority, generation, acknowledged, keyId } = await signed();
    const state = { storeId, epoch, auditFloor, authority, generation, acknowledged, keyId };
    const text = describeState(state);
    expect(JSON.parse(text)).toEqual({
      epoch: 3,
      auditFloor: 2,
      authority: "01".repeat(16),
      generation: "g",
      acknowledged: 1,
      keyId: "a",
    });
    expect(parseState("s", text)).toEqual(state);
  });

  it.each([
    ["epoch", "3"],
    ["auditFloor", null],
    ["acknowledged", undefined],
    ["authority", 7],
    ["generation", null],
    ["keyId", null],
  ])("is not parsed if its %s is %o", async (member, value) => {
    const text = JSON.stringify({ ...(JSON.parse(describeState(await signed())) as object), [member]: value });
    expect(parseState("s", text)).toBeUndefined();
  });

  it.each(["null", "7", '"text"', "[]", "{}"])("is not parsed from %s", (text) => {
    expect(parseState("s", text)).toBeUndefined();
  });
});
