import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { type CountingStore, countingStore } from "./harness/counting-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const OCTETS = "application/octet-stream";
const LIMIT = 65_536;
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString("base64");
type Sealed = { readonly version: number; readonly nonce: string; readonly ciphertext: string };

/** Encryption for callers. Nothing is stored. */
describe("the cipher API", () => {
  let store: CountingStore;
  let service: TestService;
  beforeEach(async () => {
    store = countingStore(memoryStore({ storeId: "s", now: Date.now }));
    service = await testService(store);
  });

  const send = async (verb: string, body: Uint8Array<ArrayBuffer>, contentType = OCTETS, path = SUPERUSER) => {
    const headers = { authorization: `Bearer ${await service.domain.token(path)}`, "content-type": contentType };
    const url = `http://edge.test/v1/cipher/${verb}`;
    const response = await service.fetch(new Request(url, { method: "POST", headers, body }));
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, bytes, text: Buffer.from(bytes).toString(), headers: response.headers };
  };
  const encrypt = async (plaintext: Uint8Array | string, by = service) =>
    await by.post("/v1/cipher/encrypt", { plaintext: base64(plaintext) });
  const decrypt = async (sealed: object, by = service) => await by.post("/v1/cipher/decrypt", sealed);

  it("returns and accepts JSON, as SPIKE does", async () => {
    const answer = await encrypt("secret canary");
    expect(answer).toMatchObject({ status: 200, body: { version: 1 } });
    const { nonce, ciphertext } = answer.body as unknown as Sealed;
    expect(Buffer.from(nonce, "base64")).toHaveLength(12);
    expect(Buffer.from(ciphertext, "base64")).toHaveLength("secret canary".length + 16);
    expect((await decrypt(answer.body)).body).toEqual({ plaintext: base64("secret canary") });
    expect((await encrypt("secret canary")).text).not.toBe(answer.text);
    expect(JSON.stringify([service.log, service.audit])).not.toContain("canary");
  });

  it("returns and accepts bytes: version, nonce, ciphertext and tag", async () => {
    const plaintext = new Uint8Array(randomBytes(1000));
    const sealed = await send("encrypt", plaintext);
    expect([sealed.status, sealed.headers.get("content-type"), sealed.bytes.length]).toEqual([200, OCTETS, 1029]);
    expect(sealed.bytes[0]).toBe(1);
    const opened = await send("decrypt", sealed.bytes);
    expect([opened.status, opened.headers.get("content-type")]).toEqual([200, OCTETS]);
    expect(opened.bytes).toEqual(plaintext);
    // Both use the same parts: bytes can be converted to JSON and back.
    const parts = { version: 1, nonce: base64(sealed.bytes.slice(1, 13)), ciphertext: base64(sealed.bytes.slice(13)) };
    expect((await decrypt(parts)).body).toEqual({ plaintext: base64(plaintext) });
    const json = (await encrypt(plaintext)).body as unknown as Sealed;
    const framed = Buffer.concat([
      Buffer.of(1),
      Buffer.from(json.nonce, "base64"),
      Buffer.from(json.ciphertext, "base64"),
    ]);
    expect((await send("decrypt", new Uint8Array(framed))).bytes).toEqual(plaintext);
  });

  it("accepts JSON unless the content type is exactly that of bytes", async () => {
    const json = new TextEncoder().encode(JSON.stringify({ plaintext: base64("x") }));
    for (const type of ["application/json", "text/plain", `${OCTETS}; charset=x`, "Application/Octet-Stream"]) {
      expect((await send("encrypt", json, type)).text, type).toContain('"version":1');
    }
  });

  it("encrypts an empty plaintext (K10)", async () => {
    for (const body of [{ plaintext: "" }, { plaintext: null }, {}]) {
      const answer = await service.post("/v1/cipher/encrypt", body);
      expect((await decrypt(answer.body)).body).toEqual({ plaintext: "" });
    }
    const sealed = await send("encrypt", new Uint8Array());
    expect(sealed.bytes).toHaveLength(29);
    expect(await send("decrypt", sealed.bytes)).toMatchObject({ status: 200, text: "" });
  });

  it.each([LIMIT - 17, LIMIT - 16, LIMIT - 15, LIMIT])(
    "decrypts everything that it encrypts, of %i bytes; more is 400 (K11)",
    async (length) => {
      const plaintext = new Uint8Array(length).fill(7);
      const fits = length <= LIMIT - 16;
      const json = await encrypt(plaintext);
      const bytes = await send("encrypt", plaintext);
      expect([json.status, bytes.status]).toEqual(fits ? [200, 200] : [400, 400]);
      if (fits) {
        expect((await decrypt(json.body)).body).toEqual({ plaintext: base64(plaintext) });
        expect((await send("decrypt", bytes.bytes)).bytes).toEqual(plaintext);
        return;
      }
      const refused = { version: 0, nonce: null, ciphertext: null, err: "api_bad_request" };
      const tooLong = {
        ...refused,
        reason: { member: "plaintext", rule: "must have at most 65520 bytes", limit: 65_520 },
      };
      expect([json.body, JSON.parse(bytes.text)]).toEqual([tooLong, tooLong]);
      const long = new Uint8Array(LIMIT + 1 + 13).fill(1);
      const told = await send("decrypt", long);
      const reason = { member: "ciphertext", rule: "must have at most 65536 bytes", limit: 65_536 };
      expect([told.status, JSON.parse(told.text)]).toEqual([400, { plaintext: null, err: "api_bad_request", reason }]);
    },
  );

  it("rejects altered and truncated ciphertexts with 400, in both modes (K06, K09)", async () => {
    const sealed = (await send("encrypt", new TextEncoder().encode("secret"))).bytes;
    for (let index = 1; index < sealed.length; index += 1) {
      const flipped = sealed.slice();
      flipped[index]! ^= 1;
      const octets = await send("decrypt", flipped);
      expect([octets.status, octets.text], `byte ${index}`).toEqual([400, "decryption failed\n"]);
      const parts = { version: 1, nonce: base64(flipped.slice(1, 13)), ciphertext: base64(flipped.slice(13)) };
      expect(await decrypt(parts)).toMatchObject({ status: 400, body: { plaintext: null, err: "api_bad_request" } });
    }
    for (let length = 13; length < sealed.length; length += 1) {
      expect((await send("decrypt", sealed.slice(0, length))).text).toBe("decryption failed\n");
    }
    const { headers } = await send("decrypt", sealed.slice(0, 20));
    expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      "text/plain; charset=utf-8",
      "nosniff",
    ]);
  });

  it("reports invalid framing, to permitted callers only (K07)", async () => {
    const told = async (...bytes: readonly number[]) => (await send("decrypt", Uint8Array.from(bytes))).text;
    expect(await told()).toBe("crypto_failed_to_read_version\n");
    for (const version of [0, 2, 255]) expect(await told(version, 1, 2)).toBe("crypto_unsupported_version\n");
    expect(await told(1)).toBe("crypto_failed_to_read_nonce\n");
    expect(await told(1, ...Array.from({ length: 11 }, () => 0))).toBe("crypto_failed_to_read_nonce\n");
    const stranger = await send("decrypt", Uint8Array.of(9), OCTETS, "/somebody");
    expect([stranger.status, stranger.text]).toEqual([401, '{"plaintext":null,"err":"access_unauthorized"}']);
    const good = (await encrypt("x")).body as unknown as Sealed;
    for (const wrong of [
      { version: 2 },
      { version: 0 },
      { version: null },
      { nonce: "" },
      { nonce: base64(new Uint8Array(11)) },
      { nonce: base64(new Uint8Array(13)) },
      { ciphertext: "" },
      { ciphertext: "%" },
      { ciphertext: good.ciphertext.replace(/=*$/, "") },
      { version: "1" },
      { nonce: 5 },
      { ciphertext: [1] },
    ]) {
      expect(await decrypt({ ...good, ...wrong }), JSON.stringify(wrong)).toMatchObject({
        status: 400,
        body: { plaintext: null, err: "api_bad_request" },
      });
    }
  });

  it("is for the superuser, lite workloads, and callers with a policy that grants execute", async () => {
    const policy = { name: "p", spiffeidPattern: "^spiffe://spike\\.ist/app$", permissions: ["execute"] };
    await service.post("/v1/acl/policy", { ...policy, pathPattern: "^spike/system/cipher/exec$" });
    const statuses = async (path: string) => {
      const by = await service.as(path);
      return [
        (await by("/v1/cipher/encrypt", {})).status,
        (await send("encrypt", new Uint8Array(), OCTETS, path)).status,
      ];
    };
    for (const path of [SUPERUSER, "/spike/workload/role/lite", "/spike/workload/role/lite/x", "/app"]) {
      expect(await statuses(path), path).toEqual([200, 200]);
    }
    for (const path of ["/app2", "/spike/pilot/role/recover", "/spike/nexus", "/spike/bootstrap"]) {
      expect(await statuses(path), path).toEqual([401, 401]);
    }
  });

  it("takes one round trip per call", async () => {
    const sealed = (await encrypt("x")).body;
    store.trips = 0;
    await encrypt("x");
    expect(store.trips).toBe(1);
    await decrypt(sealed);
    expect(store.trips).toBe(2);
  });

  it("decrypts after a rotation until the old key is removed", async () => {
    await service.post("/v1/store/secrets", { path: "a", values: {} });
    const before = (await encrypt("before")).body;
    const both = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
    const meanwhile = (await encrypt("meanwhile", both)).body;
    await both.post("/v1/operator/register", { keyId: "b" });
    const after = (await encrypt("after", both)).body;
    const texts = async (by: TestService) =>
      await Promise.all(
        [before, meanwhile, after].map(async (sealed) => {
          const { status, body } = await decrypt(sealed, by);
          return status === 200 ? Buffer.from(body["plaintext"] as string, "base64").toString() : status;
        }),
      );
    expect(await texts(both)).toEqual(["before", "meanwhile", "after"]);
    expect(await texts(await testService(store, { ring: await ringOf(KEY_A, KEY_B) }))).toEqual(await texts(both));
    await both.post("/v1/operator/rewrap", {});
    expect(await texts(await testService(store, { ring: await ringOf(KEY_B) }))).toEqual([400, 400, "after"]);
  });

  it("encrypts nothing under a key that is not the store's", async () => {
    await service.post("/v1/store/secrets", { path: "a", values: {} });
    const wrong = await testService(store, { ring: await ringOf(`a:${KEY_B.slice(2)}`) });
    expect((await encrypt("x", wrong)).status).toBe(500);
    expect(wrong.log).toMatchObject([{ reason: "seal_wrong_key" }]);
  });
});

describe("stored records and the cipher API", () => {
  let database: FileDatabase;
  let service: TestService;
  beforeEach(async () => {
    database = await fileDatabase();
    service = await testService(libsqlStore(database.execute));
    await service.post("/v1/store/secrets", { path: "a", values: { v: "canary" } });
    const rules = { spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^a$", permissions: ["read"] };
    await service.post("/v1/acl/policy", { name: "p", ...rules });
  });
  afterEach(() => database.close());

  const column = async (sql: string) =>
    Buffer.from((await database.client.execute(sql)).rows[0]!["bytes"] as ArrayBuffer);
  /** Splits a record into suite, key id with its length, nonce, and ciphertext. */
  const split = (record: Buffer) => {
    const start = 2 + record[1]!;
    return {
      header: record.subarray(0, start),
      nonce: record.subarray(start, start + 12),
      sealed: record.subarray(start + 12),
    };
  };
  const STORED = {
    "a value": "SELECT sealed AS bytes FROM secret_versions",
    "a wrapped key": "SELECT wrapped_key AS bytes FROM secrets",
    "a policy": "SELECT sealed AS bytes FROM policies",
  };

  it.each(Object.entries(STORED))("%s is not opened by the cipher API", async (_, sql) => {
    const { nonce, sealed } = split(await column(sql));
    const answer = await service.post("/v1/cipher/decrypt", {
      version: 1,
      nonce: nonce.toString("base64"),
      ciphertext: sealed.toString("base64"),
    });
    expect(answer).toMatchObject({ status: 400, body: { plaintext: null } });
  });

  it.each([
    ["a value", "UPDATE secret_versions SET sealed = ?", '{"v":"forged"}'],
    ["a wrapped key", "UPDATE secrets SET wrapped_key = ?", "k".repeat(32)],
    [
      "a policy",
      "UPDATE policies SET sealed = ?",
      '{"spiffeIdPattern":".*","pathPattern":".*","permissions":["super"]}',
    ],
  ])("%s cannot be forged with the cipher API", async (what, sql, text) => {
    const { header } = split(await column(STORED[what as keyof typeof STORED]));
    const { body } = await service.post("/v1/cipher/encrypt", { plaintext: base64(text) });
    const { nonce, ciphertext } = body as unknown as Sealed;
    const forged = Buffer.concat([header, Buffer.from(nonce, "base64"), Buffer.from(ciphertext, "base64")]);
    const get = async () => await (await service.as("/app"))("/v1/store/secrets?action=get", { path: "a" });
    expect((await get()).status).toBe(200);
    await database.client.execute({ sql, args: [forged] });
    // A forged policy grants nothing, and a forged secret is not returned.
    expect((await get()).status).toBe(what === "a policy" ? 401 : 500);
    expect(service.log.at(-1)).toMatchObject({ reason: "seal_not_authentic" });
  });
});
