import { createHash } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { sealEntry } from "../src/commit/entry.ts";
import { firstCommit } from "../src/commit/store-row.ts";
import { bundleContext } from "../src/trust/bundle-record.ts";
import { policyContext, keyTag } from "../src/policy/policy-record.ts";
import { encodeCanonical } from "../src/seal/encoding.ts";
import { computeMac } from "../src/seal/mac.ts";
import type { Context } from "../src/seal/record.ts";
import { dataKeyContext, headContext, historyContext, valueContext } from "../src/secret/contexts.ts";
import { writeIdOf } from "../src/commit/write-id.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, ringOf, testService } from "./harness/service.ts";

const bytes = (value: number) => new Uint8Array(32).fill(value);
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
const digest = ({ label, fields }: Context) =>
  createHash("sha256").update(encodeCanonical(label, fields)).digest("hex").slice(0, 16);

const VERSION = { number: 7, writeId: "w7", createdAt: 3, deletedAt: 4, destroyedAt: null };
const SECRET = { storeId: "store", path: "a/b", born: "w1" };
const HEAD = {
  path: "a/b",
  writeId: "w8",
  born: "w1",
  seq: 2,
  base: 3,
  epoch: 4,
  latest: 5,
  current: 6,
  currentWriteId: "w6",
  currentUntil: 7,
  oldest: 8,
  maxVersions: 9,
  keptVersions: 15,
  casRequired: true,
  metadataCasRequired: false,
  metadataVersion: 10,
  metadataAt: 16,
  deleteAfter: 11,
  custom: bytes(1),
  history: bytes(2),
  createdAt: 12,
  updatedAt: 13,
  writtenAt: 14,
  wrappedKey: bytes(3),
  keyId: "a",
};

/**
 * What is stored must be readable for good: an AAD or MAC input that changes makes every row written before a forgery.
 * A new expectation here means a new format, and needs a new label or suite.
 */
describe("stored formats never change:", () => {
  it("inputs of AAD and MAC", () => {
    const policy = {
      name: "p",
      writeId: "w",
      base: 3,
      epoch: 1,
      idTag: bytes(1),
      pathTag: bytes(2),
      keyId: "a",
      createdAt: 1,
      updatedAt: 2,
    };
    const bundle = {
      trustDomain: "d",
      writeId: "w",
      base: 3,
      epoch: 1,
      bundle: "{}",
      sequence: "1",
      endpointUrl: null,
      endpointProfile: null,
      refreshHint: 5,
      fetchedAt: null,
      keyId: "a",
    };
    expect({
      dataKey: digest(dataKeyContext(SECRET)),
      value: digest(valueContext(SECRET, VERSION)),
      history: digest(historyContext(SECRET, [VERSION, { ...VERSION, number: 8 }])),
      head: digest(headContext("store", HEAD)),
      policy: digest(policyContext("store", policy)),
      bundle: digest(bundleContext("store", bundle)),
    }).toMatchInlineSnapshot(`
      {
        "bundle": "d190b8ce10c90cf5",
        "dataKey": "4e6961fd558a01cb",
        "head": "31c3745fbfa3ecd3",
        "history": "ebecef9d4b089bd9",
        "policy": "3eedca4bd08be9b4",
        "value": "2c096eb527fe5862",
      }
    `);
  });

  it("keys, MACs, tags and write ids", async () => {
    const ring = await ringOf(KEY_A);
    const store = {
      storeId: "store",
      revision: 0,
      epoch: 0,
      schemaVersion: 2,
      auditFloor: 0,
      authority: bytes(8).slice(0, 16),
      generation: "",
      acknowledged: 0,
      keyId: null,
      mac: null,
    };
    const entry = await sealEntry(ring, "store", {
      writeId: "w",
      request: bytes(1),
      at: 2,
      workerAt: 8,
      spiffeId: "spiffe://d/p",
      action: "put",
      resource: "secret:a",
      seq: 3,
      prev: bytes(4),
      base: 5,
      anchor: bytes(6),
      epoch: 7,
      state: bytes(9),
      leadsTo: "{}",
      outcome: "{}",
      traceId: "t",
    });
    const init = await firstCommit(ring, store, 9);
    expect({
      check: hex(ring.primary.check).slice(0, 16),
      store: hex(init.mac).slice(0, 16),
      entry: hex(entry.mac).slice(0, 16),
      mac: hex(await computeMac(ring.primary, { label: "l", fields: ["x"] })).slice(0, 16),
      idTag: hex(await keyTag(ring.primary, "id", "spiffe://d/")).slice(0, 16),
      pathTag: hex(await keyTag(ring.primary, "path", "a/")).slice(0, 16),
      writeId: await writeIdOf("spiffe://d/p", "key", () => bytes(0)),
    }).toMatchInlineSnapshot(`
      {
        "check": "314723d39ef067ed",
        "entry": "d7b2fb11cd0a84cc",
        "idTag": "c0cf77f981eaea8e",
        "mac": "89113b57a07ca002",
        "pathTag": "ba09bb1e94b5a891",
        "store": "0993d9f555dcc99a",
        "writeId": "UpVTP5hKJwkGEpxc8wrSaGV9VqFVkEoigJicYbLq1WM",
      }
    `);
  });
});

describe("what is stored of equal values", () => {
  let database: FileDatabase;
  afterAll(() => database.close());

  it("is sealed under a nonce of its own each time, and under a data key of its own for each secret", async () => {
    database = await fileDatabase();
    const service = await testService(libsqlStore(database.execute), { keptVersions: 100 });
    for (let n = 0; n < 60; n += 1) {
      await service.post("/v1/store/secrets", { path: n < 40 ? "many" : `one/${n}`, values: { k: "the same" } });
    }
    const records = async (sql: string) =>
      (await database.client.execute(sql)).rows.map((row) => new Uint8Array(row[0] as ArrayBuffer));
    const nonce = (record: Uint8Array) => hex(record.subarray(2 + record[1]!, 14 + record[1]!));
    const values = await records("SELECT sealed FROM secret_versions");
    const keys = await records("SELECT wrapped_key FROM secrets");
    expect([values.length, keys.length]).toEqual([60, 21]);
    expect(new Set([...values, ...keys].map(nonce)).size).toBe(81);
    expect(new Set([...values, ...keys].map(hex)).size).toBe(81);
    expect(values.every((record) => record[0] === 1 && record[1] === 0)).toBe(true);
    expect(keys.every((record) => record[0] === 1 && record[1] === 1 && record[2] === 0x61)).toBe(true);
  });
});
