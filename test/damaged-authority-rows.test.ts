import { afterEach, beforeEach, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const POLICY = "/v1/acl/policy";
const BUNDLE = "/v1/trust/bundle";
const RULES = { name: "p", spiffeidPattern: "^spiffe://spike\\.ist/w$", pathPattern: "^a/", permissions: ["read"] };
const KEYS = { trustDomain: "x.org", bundle: { keys: [] } };

let database: FileDatabase;
let service: TestService;
beforeEach(async () => {
  database = await fileDatabase();
  service = await testService(libsqlStore(database.execute));
  expect((await service.post(POLICY, RULES)).status).toBe(200);
  expect((await service.post(BUNDLE, KEYS)).status).toBe(200);
});
afterEach(() => database.close());

it.each(["0", "-1", "9", "9223372036854775807", "-9223372036854775808"])(
  "a policy or bundle whose row version was altered to %s can be put anew and deleted (H11)",
  async (version) => {
    for (const [put, body, id] of [
      [POLICY, RULES, { id: "p" }],
      [BUNDLE, KEYS, { trustDomain: "x.org" }],
    ] as const) {
      const table = put === POLICY ? "policies" : "trust_bundles";
      const alter = async () => await database.client.execute(`UPDATE ${table} SET version = ${version}`);
      await alter();
      expect([put, (await service.post(put, body)).status]).toEqual([put, 200]);
      await alter();
      expect([put, (await service.post(`${put}?action=delete`, id)).status]).toEqual([put, 200]);
      const { rows } = await database.client.execute(`SELECT count(*) AS left FROM ${table}`);
      expect(rows).toMatchObject([{ left: 0 }]);
      expect((await service.post(`${put}?action=delete`, id)).status).toBe(404);
    }
    expect((await service.post("/v1/audit?action=verify", { after: 0 })).body).toMatchObject({ problems: [] });
  },
);
