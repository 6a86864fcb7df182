import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const get = async (service: TestService, path: string, method = "GET") => {
  const response = await service.fetch(new Request(`http://edge.test${path}`, { method }));
  return { status: response.status, text: await response.text(), headers: response.headers };
};
const put = async (service: TestService, path: string) =>
  expect((await service.post("/v1/store/secrets", { path, values: {} })).status).toBe(200);

describe("health checks", () => {
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

  it("/healthz is 200 whatever the state of the database", async () => {
    const down = await testService(libsqlStore(remoteExecute({ url: "http://127.0.0.1:1" }, fetch)));
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

  it("answer a bare 500 if the audit line cannot be written, without the error's message", async () => {
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
    "have no other names: %s (P02)",
    async (path) => {
      const spelt = path === "/healthz?x" ? 200 : 400;
      expect((await get(service, path)).status).toBe(spelt);
    },
  );

  it("/readyz is 200 for an empty and a used store, after one database request", async () => {
    await expectReady(service, true);
    await put(service, "a");
    await expectReady(service, true);
    expect(service.audit.at(-1)).toMatchObject({ action: "ops.readyz", outcome: "ok", status: 200, roundTrips: 1 });
  });

  it("/readyz is 503 if the database is down or has no schema", async () => {
    const down = await testService(libsqlStore(remoteExecute({ url: "http://127.0.0.1:1" }, fetch)));
    await expectReady(down, false, { reason: "store_connection" });
    await database.client.execute("DROP TABLE secrets");
    const detail = expect.stringContaining("run the migrations");
    await expectReady(service, false, { reason: "store_not_migrated", detail });
  });

  it.each([0, 1, 4])("/readyz is 503 for the unknown schema version %i", async (version) => {
    await put(service, "a");
    await database.client.execute(`UPDATE store SET schema_version = ${version}`);
    await expectReady(service, false, { reason: "store_schema", detail: expect.stringContaining(String(version)) });
    expect((await get(service, "/healthz")).status).toBe(200);
  });

  it("/readyz is 503 if the ring lacks a key that rows need or has a wrong one, and 200 if no row needs the missing key", async () => {
    await put(service, "a");
    const store = libsqlStore(database.execute);
    await expectReady(await testService(store, { ring: await ringOf(KEY_A) }), true);
    const second = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
    expect((await second.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
    await put(second, "b");
    await expectReady(second, true);
    const lacking = await testService(store, { ring: await ringOf(KEY_A) });
    await expectReady(lacking, false, { reason: "seal_unknown_key", detail: expect.stringContaining('"b"') });
    const other = `a:${Buffer.alloc(32, 0x44).toString("base64url")}`;
    const wrong = await testService(store, { ring: await ringOf(other, KEY_B) });
    await expectReady(wrong, false, { reason: "seal_wrong_key" });
  });

  it("/readyz is 503 after two seconds if the database hangs, before the deadline of a request", async () => {
    const hanging = async (_request: Request, { signal }: RequestInit) =>
      await new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const slow = await testService(libsqlStore(remoteExecute({ url: "http://127.0.0.1:1" }, hanging)));
    const began = performance.now();
    await expectReady(slow, false, { reason: "store_deadline" });
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
