import { afterAll, expect, it } from "vitest";
import { type FileDatabase, fileDatabase } from "../../../test/harness/file-database.ts";
import { limitedDatabase } from "../../../test/harness/limited-database.ts";
import { clockContract } from "../../../test/store-contract/gate-contract.ts";
import {
  bundleOf,
  creation,
  never,
  PINS,
  policyOf,
  STATE,
  underSuiteId,
  update,
} from "../../../test/store-contract/rows.ts";
import { storeContract } from "../../../test/store-contract/store-contract.ts";
import { libsqlStore } from "./libsql-store.ts";

let database: FileDatabase | undefined;
afterAll(() => database?.close());

storeContract("libSQL in Node", async () => {
  database?.close();
  database = await fileDatabase();
  return libsqlStore(database.execute);
});

clockContract("libSQL", (now) => {
  const { database: ours, execute } = limitedDatabase();
  ours.function("unixepoch", { varargs: true }, () => now() / 1000);
  return libsqlStore(execute);
});

it("a commit that loses changes nothing, even if the database has an entry that is ahead of its store", async () => {
  const damaged = await fileDatabase();
  const store = await underSuiteId(libsqlStore(damaged.execute));
  const first = creation("w1");
  const init = { keys: [], keyId: "k1", mac: new Uint8Array(32) };
  expect((await store.commit({ ...first, init }, {}, never)).won).toBe(true);
  await damaged.client.execute("UPDATE store SET revision = 0");
  const query = {
    secret: { path: "a", version: "none" },
    policies: { after: "", limit: 9 },
    bundles: { after: "", limit: 9 },
    audit: { after: 0, limit: 9 },
  } as const;
  const load = async () => ({ ...(await store.load(query, never)), now: 0 });
  const before = await load();
  const { audit, tail } = update("w2", 1);
  // Each of them is too late, and fits otherwise.
  const late = { audit, tail, ...PINS, decidedOn: { ...PINS.decidedOn, keyId: "k1" }, notAfter: 0 };
  const columns = { ...STATE, keyId: "k1", mac: new Uint8Array(32).fill(1) };
  for (const change of [
    { ...late, ...update("w2", 1), notAfter: 0, decidedOn: late.decidedOn },
    { ...late, secret: { kind: "remove", path: "a" } },
    { ...late, policy: { kind: "create", row: policyOf("p", "w2") } },
    { ...late, bundle: { kind: "create", row: bundleOf("d", "w2") } },
    { ...late, authority: { ...columns, nodes: [{ id: 1, content: new Uint8Array(1) }] } },
    { ...late, register: [{ keyId: "k2", checkValue: new Uint8Array(32), createdAt: 5 }] },
  ] as const) {
    expect((await store.commit(change, {}, never)).won).toBe(false);
    expect(await load()).toEqual(before);
  }
  damaged.close();
});
