import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { sealEntry, verifyEntry } from "../src/commit/entry.ts";
import { firstCommit, verifyStore } from "../src/commit/store-row.ts";
import { policyContext } from "../src/policy/policy-record.ts";
import { createDataKey, openDataKey } from "../src/seal/data-key.ts";
import type { Field } from "../src/seal/encoding.ts";
import { deriveKeyRing, type KeyRing, requireRingKey } from "../src/seal/key-ring.ts";
import { computeMac, requireMac } from "../src/seal/mac.ts";
import { type Context, openRecord, sealRecord } from "../src/seal/record.ts";
import { SealError } from "../src/seal/seal-error.ts";
import { dataKeyContext, headContext, historyContext, valueContext } from "../src/secret/contexts.ts";
import type { AuditRow, StoreRow } from "../src/store/rows.ts";
import { headOf, policyOf, versionOf } from "./store-contract/rows.ts";
import { bundleOf } from "./store-contract/rows.ts";
import { bundleContext } from "../src/trust/bundle-record.ts";
import { KEY_A, KEY_B, ringOf } from "./harness/service.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const text = (length: number) => new Uint8Array(length).fill(0x61);
const SECRET = { storeId: "store", path: "app/db", born: "w1" };

/** What an attacker would put in a value's place: another type, or one bit flipped. */
function changed(field: Field): Field {
  if (field === null) return 0;
  if (typeof field === "number") return field + 1;
  if (typeof field === "string") return `${field}x`;
  return flipped(field, 0);
}

function flipped(bytes: Uint8Array, index: number, bit = 0): Bytes {
  const copy = Uint8Array.from(bytes);
  copy[index]! ^= 1 << bit;
  return copy;
}

/** All contexts that differ in a single part. */
function* neighbours({ label, fields }: Context): Generator<readonly [string, Context]> {
  yield ["the label", { label: `${label}x`, fields }];
  for (const [index] of fields.entries()) {
    yield [`field ${index}`, { label, fields: fields.map((field, at) => (at === index ? changed(field) : field)) }];
  }
  yield ["a field more", { label, fields: [...fields, null] }];
  yield ["a field less", { label, fields: fields.slice(0, -1) }];
}

/** How each kind of record is sealed and opened: its key and its context. */
interface Kind {
  readonly context: Context;
  readonly keyId: string;
  readonly keyOf: (ring: KeyRing) => Promise<(keyId: string) => CryptoKey>;
}

const dataKeys = new Map<KeyRing, CryptoKey>();
const KINDS: Readonly<Record<string, Kind>> = {
  "a wrapped data key": {
    context: dataKeyContext(SECRET),
    keyId: "a",
    keyOf: async (ring) => (keyId) => requireRingKey(ring, keyId).wrap,
  },
  "a value": {
    context: valueContext(SECRET, versionOf(3, "w3")),
    keyId: "",
    async keyOf(ring) {
      const key = dataKeys.get(ring) ?? (await createDataKey(ring, dataKeyContext(SECRET), randomBytes)).key;
      dataKeys.set(ring, key);
      return () => key;
    },
  },
  "a policy": {
    context: policyContext("store", policyOf("p", "w1")),
    keyId: "a",
    keyOf: async (ring) => (keyId) => requireRingKey(ring, keyId).policy,
  },
};

const MACS: Readonly<Record<string, Context>> = {
  "a head": headContext("store", headOf("w1")),
  "a history": historyContext(SECRET, [versionOf(1, "w1"), versionOf(2, "w2", { deletedAt: 5 })]),
  "a trust bundle": bundleContext("store", bundleOf("d", "w1")),
};

const STORE: StoreRow = {
  storeId: "store",
  revision: 9,
  epoch: 4,
  schemaVersion: 2,
  auditFloor: 2,
  authority: new Uint8Array(16),
  generation: "",
  acknowledged: 0,
  keyId: "a",
  mac: null,
};

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    expect(error.message).toBe("Cannot use a stored record: it does not verify");
    return error.reason;
  }
}

describe.each(Object.entries(KINDS))("%s", (_, { context, keyId, keyOf }) => {
  let ring: KeyRing;
  let keys: (keyId: string) => CryptoKey;
  let record: Bytes;
  beforeAll(async () => {
    ring = await ringOf(KEY_A);
    keys = await keyOf(ring);
    record = await seal(text(20));
  });
  const seal = async (plaintext: Bytes) =>
    await sealRecord({ id: keyId, key: keys(keyId) }, plaintext, { context, nonce: randomBytes(12) });
  const open = async (bytes: Bytes, within = context) => await openRecord(keys, bytes, within);

  it("opens only with every part of its context (K01)", async () => {
    expect(await open(record)).toEqual(text(20));
    let count = 0;
    for (const [part, other] of neighbours(context)) {
      expect(await refusal(open(record, other)), part).toBe("not_authentic");
      count += 1;
    }
    expect(count).toBe(context.fields.length + 3);
  });

  it("opens only under its own key of the ring, and only under the key for its purpose (K01)", async () => {
    const other = await keyOf(await ringOf(`a:${KEY_B.slice(2)}`));
    expect(await refusal(openRecord(other, record, context))).toBe("not_authentic");
    const { wrap, policy, cipher } = ring.primary;
    const wrong = [wrap, policy, cipher].filter((key) => key !== keys(keyId));
    expect(wrong.length).toBeGreaterThan(1);
    for (const key of wrong) expect(await refusal(openRecord(() => key, record, context))).toBe("not_authentic");
  });

  it("is rejected if any bit of header, nonce, text or tag is flipped (K06)", async () => {
    for (let index = 0; index < record.length; index += 1) {
      for (const bit of index < 20 ? [0, 1, 2, 3, 4, 5, 6, 7] : [index % 8]) {
        expect(await refusal(open(flipped(record, index, bit))), `byte ${index}, bit ${bit}`).not.toBe("accepted");
      }
    }
  });

  it("is rejected with an unknown suite (K07)", async () => {
    for (const suite of [0, 2, 255]) {
      expect(await refusal(open(Uint8Array.from([suite, ...record.subarray(1)])))).toBe("unknown_suite");
    }
  });

  it("is rejected under another key id, which only the log names (K08)", async () => {
    const start = 2 + keyId.length;
    const renamed = Uint8Array.from([1, 1, "z".charCodeAt(0), ...record.subarray(start)]);
    const opening = openRecord((id) => requireRingKey(ring, id).wrap, renamed, context);
    await expect(opening).rejects.toMatchObject({ reason: "unknown_key", detail: 'key id "z" is not in the ring' });
    await expect(opening).rejects.toThrow(/^Cannot use a stored record: it does not verify$/);
    // The key itself is right: the id is bound too.
    expect(await refusal(openRecord(() => keys(keyId), renamed, context))).toBe("not_authentic");
  });

  it("is rejected if it is truncated or extended (K09)", async () => {
    for (let length = 0; length < record.length; length += 1) {
      expect(await refusal(open(record.slice(0, length))), `${length} bytes`).not.toBe("accepted");
    }
    expect(await refusal(open(Uint8Array.from([...record, 0])))).toBe("not_authentic");
  });

  it.each([
    ["K10", 0],
    ["K11", 65_536],
    ["K12", 1_048_576],
  ])("holds a plaintext (%s) of %i bytes", async (_, length) => {
    const sealed = await seal(text(length));
    expect(sealed.length).toBe(2 + keyId.length + 12 + length + 16);
    expect(await open(sealed)).toEqual(text(length));
  });
});

describe.each(Object.entries(MACS))("the MAC of %s", (_, context) => {
  it("covers all parts of its context, under its own key (K01, K06, K08)", async () => {
    const ring = await ringOf(KEY_A, KEY_B);
    const mac = await computeMac(ring.primary, context);
    const verify = async (keyId: string, bytes: Bytes, within = context) =>
      await refusal(requireMac(ring, within, { keyId, mac: bytes }));
    expect(await verify("a", mac)).toBe("accepted");
    for (const [part, other] of neighbours(context)) expect(await verify("a", mac, other), part).toBe("not_authentic");
    for (const [index] of mac.entries()) expect(await verify("a", flipped(mac, index))).toBe("not_authentic");
    for (const length of [0, 1, 31]) expect(await verify("a", mac.slice(0, length))).toBe("not_authentic");
    expect(await verify("b", mac)).toBe("not_authentic");
    expect(await verify("z", mac)).toBe("unknown_key");
  });
});

describe("the MAC of an audit entry", () => {
  it("covers every column except the revision, which must be in range (K01, K06, K08)", async () => {
    const ring = await ringOf(KEY_A);
    const entry: AuditRow = {
      ...(await sealEntry(ring, "store", {
        writeId: "w",
        request: text(32),
        at: 5,
        workerAt: 6,
        spiffeId: "spiffe://d/a",
        action: "put",
        resource: "secret:a",
        seq: 2,
        prev: text(32),
        base: 3,
        anchor: text(32),
        epoch: 1,
        state: text(32),
        leadsTo: "{}",
        outcome: "{}",
        traceId: "t",
      })),
      revision: 5,
    };
    const verify = async (row: AuditRow, store = STORE) => await refusal(verifyEntry(ring, store, row));
    expect(await verify(entry)).toBe("accepted");
    const columns = Object.keys(entry).filter((column) => column !== "revision");
    expect(columns).toHaveLength(18);
    for (const column of columns) {
      const row = { ...entry, [column]: changed(entry[column as keyof AuditRow]) };
      expect(await verify(row), column).toBe(column === "keyId" ? "unknown_key" : "not_authentic");
    }
    expect(await verify(entry, { ...STORE, storeId: "other" })).toBe("not_authentic");
    for (const revision of [3, 10]) expect(await verify({ ...entry, revision })).toBe("inconsistent");
  });
});

describe("the MAC of the store row", () => {
  it("covers every column except the revision and the schema version (K01, K06, K08)", async () => {
    const ring = await ringOf(KEY_A);
    const { mac } = await firstCommit(ring, STORE, 1);
    const keys = [{ keyId: "a", checkValue: ring.primary.check, createdAt: 1, hasPolicies: false }];
    const verify = async (row: StoreRow) => await refusal(verifyStore(ring, { store: row, newest: text(32), keys }));
    const row: StoreRow = { ...STORE, mac };
    expect(await verify(row)).toBe("accepted");
    const { revision: _, schemaVersion: __, ...signed } = row;
    for (const column of Object.keys(signed) as (keyof typeof signed)[]) {
      const reason = column === "keyId" ? "unknown_key" : "not_authentic";
      expect(await verify({ ...row, [column]: changed(row[column]) }), column).toBe(reason);
    }
    expect(await verify({ ...row, mac: null })).toBe("inconsistent");
    // A migration raises the schema version, and cannot sign.
    expect(await verify({ ...row, schemaVersion: 3 })).toBe("accepted");
  });
});

describe("keys", () => {
  it("cannot be exported, for any purpose (K13)", async () => {
    const ring = await ringOf(KEY_A);
    const { key, wrapped } = await createDataKey(ring, dataKeyContext(SECRET), randomBytes);
    const purposes = Object.entries(ring.primary).filter(([, value]) => value instanceof CryptoKey);
    expect(purposes.map(([name]) => name)).toEqual(["wrap", "policy", "tag", "mac", "cipher"]);
    const opened = await openDataKey(ring, wrapped, dataKeyContext(SECRET));
    for (const each of [key, opened, ...purposes.map(([, value]) => value as CryptoKey)]) {
      expect(each.extractable).toBe(false);
      for (const format of ["raw", "jwk"] as const) {
        await expect(crypto.subtle.exportKey(format, each)).rejects.toThrow();
      }
    }
  });

  it("do not show a raw key, and the root keys are overwritten (K17)", async () => {
    const bytes = new Uint8Array(32).fill(0x5a);
    const root = { id: "a", bytes };
    const ring = await deriveKeyRing([root]);
    expect(bytes).toEqual(new Uint8Array(32));
    const shown = JSON.stringify(ring) + inspect(ring, { depth: 10, showHidden: true });
    for (const encoding of ["base64", "base64url", "hex", "utf8"] as const) {
      expect(shown).not.toContain(Buffer.alloc(32, 0x5a).toString(encoding));
    }
    expect(shown).not.toContain("90, 90, 90");
  });

  it("are the same in every isolate: what one seals, another opens (K16)", async () => {
    const [one, other] = await Promise.all([ringOf(KEY_A), ringOf(KEY_A)]);
    const context = dataKeyContext(SECRET);
    const { key, wrapped } = await createDataKey(one, context, randomBytes);
    const nonce = randomBytes(12);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, text(5));
    const opened = await openDataKey(other, wrapped, context);
    expect(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, opened, sealed))).toEqual(
      text(5),
    );
  });
});

/** As many as the long run has time for. A key may seal 2^32 messages. */
const SEALS = process.env["LONG"] === "1" ? 1_000_000 : 20_000;

it(`never uses a nonce twice in ${SEALS} seals (K18)`, async () => {
  const ring = await ringOf(KEY_A);
  const { id, policy: key } = ring.primary;
  const seen = new Set<string>();
  for (let done = 0; done < SEALS; done += 1000) {
    const records = await Promise.all(
      Array.from(
        { length: 1000 },
        async () =>
          await sealRecord({ id, key }, text(1), { context: KINDS["a policy"]!.context, nonce: randomBytes(12) }),
      ),
    );
    for (const record of records) seen.add(Buffer.from(record.subarray(3, 15)).toString("latin1"));
  }
  expect(seen.size).toBe(SEALS);
});
