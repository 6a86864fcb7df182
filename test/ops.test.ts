import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { httpExecute } from "../src/store/libsql/http-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const get = async (service: TestService, path: string, method = "GET") => {
  const response = await service.fetch(new Request(`http://edge.test${path}`, { method }));
  return { status: response.status, text: await response.text(), headers: response.headers };
};
const put = async (service: TestService, path: string) =>
  expect((await service.post("/v1/store/secrets", { path, values: {} })).status).toBe(200);

describe("load balancers are told by", () => {
  let database: FileDatabase;
  let service: TestService;
  beforeEach(async () => {
    database = await fileDatabase();
    service = await testService(libsqlStore(database.execute), { ring: await ringOf(KEY_A, KEY_B) });
  });
  afterEach(() => database.close());

  const expectReady = async (by: TestService, ready: boolean, line: object = {}) => {
    by.log.length = 0;
    const answer = await get(by, "/readyz");
    expect(answer).toMatchObject(
      ready ? { status: 200, text: '{"status":"ready"}' } : { status: 503, text: '{"status":"not_ready"}' },
    );
    expect(answer.headers.get("retry-after") === null).toBe(ready);
    expect(answer.headers.get("server-timing")).toBeNull();
    expect(by.log).toMatchObject(ready ? [] : [{ level: "error", event: "not_ready", ...line }]);
  };

  it("/healthz that the worker answers, whatever the database does", async () => {
    const down = await testService(libsqlStore(httpExecute({ url: "http://127.0.0.1:1" }, fetch)));
    for (const by of [service, down]) {
      expect(await get(by, "/healthz")).toMatchObject({ status: 200, text: '{"status":"ok"}' });
      expect(await get(by, "/healthz", "HEAD")).toMatchObject({ status: 200, text: "" });
      expect(by.audit).toMatchObject([
        { action: "ops.healthz", outcome: "ok", status: 200, roundTrips: 0 },
        { action: "ops.healthz" },
      ]);
    }
    expect(down.log).toEqual([]);
  });

  it("a bare 500 when even the audit line can't be written, and by nothing of the error", async () => {
    const audit = (): never => {
      throw new Error("canary");
    };
    const printed = vi.spyOn(console, "error").mockReturnValue(undefined);
    const broken = await testService(libsqlStore(database.execute), { platform: { audit } });
    const answer = await get(broken, "/healthz");
    expect(answer).toMatchObject({ status: 500, text: '{"err":"api_internal_error"}' });
    expect(answer.headers.get("cache-control")).toContain("no-store");
    expect(broken.log).toMatchObject([{ event: "request_failed", reason: "Error" }]);
    expect(JSON.stringify([broken.log, printed.mock.calls])).not.toContain("canary");
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it.each(["/health%7A", "/%68ealthz", "/%72eadyz", "//readyz", "/readyz/", "/readyz;x", "/healthz?x", "/HEALTHZ"])(
    "P02 nothing under another name: %s",
    async (path) => {
      const spelt = path === "/healthz?x" ? 200 : 400;
      expect((await get(service, path)).status).toBe(spelt);
    },
  );

  it("/readyz that the store can be used: empty, written, and with one database request", async () => {
    await expectReady(service, true);
    await put(service, "a");
    await expectReady(service, true);
    expect(service.audit.at(-1)).toMatchObject({ action: "ops.readyz", outcome: "ok", status: 200, roundTrips: 1 });
  });

  it("/readyz that the database is down, or has no schema", async () => {
    const down = await testService(libsqlStore(httpExecute({ url: "http://127.0.0.1:1" }, fetch)));
    await expectReady(down, false, { reason: "store_connection" });
    await database.client.execute("DROP TABLE secrets");
    await expectReady(service, false, { reason: "store_rejected" });
  });

  it.each([0, 2])("/readyz that the schema is another one than the code's: %i", async (version) => {
    await put(service, "a");
    await database.client.execute(`UPDATE store SET schema_version = ${version}`);
    await expectReady(service, false, { reason: "store_schema", detail: expect.stringContaining(String(version)) });
    expect((await get(service, "/healthz")).status).toBe(200);
  });

  it("/readyz that the ring lacks a key that rows need, or has a wrong one, and not of a key that none needs", async () => {
    await put(service, "a");
    const store = libsqlStore(database.execute);
    await expectReady(await testService(store, { ring: await ringOf(KEY_A) }), true);
    const second = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
    await put(second, "b");
    await expectReady(second, true);
    const lacking = await testService(store, { ring: await ringOf(KEY_A) });
    await expectReady(lacking, false, { reason: "seal_unknown_key", detail: expect.stringContaining('"b"') });
    const other = `a:${Buffer.alloc(32, 0x44).toString("base64url")}`;
    const wrong = await testService(store, { ring: await ringOf(other, KEY_B) });
    await expectReady(wrong, false, { reason: "seal_wrong_key" });
  });

  it("/readyz of a database that hangs after two seconds, not at the deadline of a request", async () => {
    const hanging = async (_url: string, { signal }: RequestInit) =>
      await new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const slow = await testService(libsqlStore(httpExecute({ url: "http://127.0.0.1:1" }, hanging)));
    const began = performance.now();
    await expectReady(slow, false, { reason: "store_deadline" });
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
