import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpExecute } from "../src/store/libsql/http-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { type TestService, testService } from "./harness/service.ts";

/** The budget: a read is one database request, an uncontended write two, whatever there is in the store. */
describe("database requests of", () => {
  let database: HttpDatabase;
  let service: TestService;
  const sent: string[] = [];
  beforeAll(async () => {
    database = await httpDatabase();
    const counting = async (request: Request, init: RequestInit) => {
      sent.push(new URL(request.url).pathname);
      return await fetch(request, init);
    };
    service = await testService(libsqlStore(httpExecute({ url: database.url }, counting)), { keptVersions: 200 });
    for (let n = 0; n < 120; n += 1) await post("", { path: "many", values: { n: String(n) } });
  });
  afterAll(async () => await database.close());

  const post = async (target: string, body: object, headers: Record<string, string> = {}) => {
    sent.length = 0;
    const { status } = await service.post(`/v1/store/secrets${target}`, body, { headers });
    return { status, sent: [...sent] };
  };
  const ONE = ["/v2/pipeline"];
  const TWO = [...ONE, ...ONE];

  it.each([
    ["get", "?action=get", { path: "many" }, 200],
    ["get by number", "?action=get", { path: "many", version: 7 }, 200],
    ["get of an unknown path", "?action=get", { path: "none" }, 404],
    ["metadata", "/metadata?action=get", { path: "many" }, 200],
    ["list", "?action=list", {}, 200],
    ["a delete that finds nothing", "?action=delete", { path: "none" }, 404],
    ["a put with a cas that does not hold", "", { path: "many", values: {}, cas: 1 }, 409],
  ])("%s: 1", async (_, target, body, status) => {
    expect(await post(target, body)).toEqual({ status, sent: ONE });
  });

  it.each([
    ["a first put", "", { path: "new", values: { k: "v" } }],
    ["a put", "", { path: "many", values: { k: "v" } }],
    ["a put with cas", "", { path: "many", values: { k: "v" }, cas: 121 }],
    ["a delete", "?action=delete", { path: "many", versions: [1, 2, 3] }],
    ["an undelete", "?action=undelete", { path: "many", versions: [2, 3] }],
    ["a delete that changes nothing", "?action=delete", { path: "many", versions: [999] }],
  ])("%s: 2", async (_, target, body) => {
    expect(await post(target, body)).toEqual({ status: 200, sent: TWO });
  });

  it("a repeated Idempotency-Key: 1", async () => {
    const body = { path: "again", values: {} };
    expect((await post("", body, { "Idempotency-Key": "k" })).sent).toEqual(TWO);
    expect(await post("", body, { "Idempotency-Key": "k" })).toEqual({ status: 200, sent: ONE });
  });

  it("a caller without identity, a lite workload, or a request that is none: 0", async () => {
    expect((await post("?action=get", { path: "many" }, { authorization: "" })).sent).toEqual([]);
    const lite = `Bearer ${await service.domain.token("/spike/workload/role/lite")}`;
    expect((await post("?action=get", { path: "many" }, { authorization: lite })).sent).toEqual([]);
    expect((await post("?action=get", { path: "a b" })).sent).toEqual([]);
    expect((await post("?action=nothing", {})).sent).toEqual([]);
  });
});
