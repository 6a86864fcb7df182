import type { Client } from "@libsql/client/web";
import fc from "fast-check";
import { expect, test } from "vitest";
import { libsqlStore } from "../../../src/store/libsql/libsql-store.ts";
import { remoteExecute } from "../../../src/store/libsql/remote-execute.ts";
import { type TestService, testService } from "../../../test/harness/service.ts";
import { applyMigrations } from "../../migrate/apply-migrations.ts";
import { testFollower, testPrimary } from "./test-follower.fixture.ts";

const LONG = process.env["LONG"] === "1";
const REQUESTS = LONG ? 4_000 : 400;
/** As many at the same time. */
const CLIENTS = 8;

const name = fc.constantFrom("a", "a/b", "c", "d/e/f");
const versions = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
const values = fc.record({ v: fc.string({ maxLength: 6_000, size: "max" }) });
const policy = fc.record({
  name: fc.constantFrom("p", "q"),
  spiffeidPattern: fc.constantFrom("^spiffe://spike.ist/app$", "^spiffe://spike.ist/.*$"),
  pathPattern: fc.constantFrom("^a$", "^a/.*$"),
  permissions: fc.constantFrom(["read"], ["read", "write"]),
});
const request = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("store/secrets"), fc.record({ path: name, values })) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constantFrom("store/secrets?action=delete", "store/secrets?action=undelete"),
      fc.record({ path: name, versions }),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("store/secrets?action=remove"), fc.record({ path: name })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("acl/policy"), policy) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant("acl/policy?action=delete"), fc.record({ id: fc.constantFrom("p", "q") })),
  },
);

/** Every page but the first, in which a follower has its own counter. */
async function pagesOf(client: Client): Promise<readonly unknown[]> {
  return (await client.execute("SELECT pgno, data FROM sqlite_dbpage WHERE pgno > 1")).rows;
}

/** Every cell of every table, with its type. */
async function tablesOf(client: Client): Promise<unknown> {
  const schema = await client.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
  const names = schema.rows.flatMap(({ type, name: table }) => (type === "table" ? [table] : []));
  const tables = await client.batch(
    names.flatMap((table) => (typeof table === "string" ? [`SELECT * FROM "${table}"`] : [])),
    "deferred",
  );
  expect(tables.length).toBeGreaterThan(7);
  return [schema.rows, tables.map(({ rows }) => rows)];
}

async function sendAll(service: TestService): Promise<number> {
  const requests = fc.sample(request, { numRuns: REQUESTS, seed: 19 });
  let acknowledged = 0;
  const client = async (): Promise<void> => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop()) {
      const { status } = await service.post(`/v1/${next[0]}`, next[1]);
      if (status === 200) acknowledged += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return acknowledged;
}

test(`contains exactly what the primary contains after ${REQUESTS} random writes`, { timeout: 600_000 }, async () => {
  const primary = await testPrimary();
  const steady = await testFollower(primary.url);
  const [unsteady, write] = [await testFollower(primary.url, { delayMs: 20 }), primary.client()];
  await applyMigrations({ url: primary.url });
  const store = libsqlStore(remoteExecute({ url: primary.url }, async (target, init) => await fetch(target, init)));
  let isDone = false;
  const disturb = async (): Promise<void> => {
    for (let turn = 0; !isDone; turn += 1) {
      await unsteady.setBack(24, 30);
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (turn % 4 === 3) await unsteady.cutOff();
      if (turn % 4 === 0) await unsteady.reconnect();
    }
    await unsteady.reconnect();
  };
  const disturbed = disturb();
  const acknowledged = await sendAll(await testService(store, { requestTimeoutMs: 30_000 }));
  isDone = true;
  await disturbed;
  const revision = (await write.execute("SELECT revision FROM store")).rows[0]?.["revision"];
  expect(revision).toBeGreaterThan(REQUESTS / 2);
  expect(Number(revision)).toBe(acknowledged);
  for (const follower of [steady, unsteady]) {
    const read = follower.client();
    await expect
      .poll(async () => (await read.execute("SELECT revision FROM store")).rows[0]?.["revision"])
      .toBe(revision);
    expect(await tablesOf(read)).toEqual(await tablesOf(write));
    expect(await pagesOf(read)).toEqual(await pagesOf(write));
    await expect(read.execute("SELECT * FROM pragma_integrity_check")).resolves.toMatchObject({
      rows: [{ integrity_check: "ok" }],
    });
  }
});
