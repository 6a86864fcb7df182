import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { fileDatabase } from "./harness/file-database.ts";
import { type TestAnswer, type TestService, testService } from "./harness/service.ts";

/** More runs in the long suite. */
const LONG = process.env["LONG"] === "1";
const RUNS = LONG ? 400 : 25;
const KEPT = 4;

interface Command {
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string | undefined;
}

const path = fc.constantFrom("a", "a/b", "c");
const number = fc.integer({ min: -1, max: 9 });
const cas = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined, freq: 3 });
const key = fc.option(fc.constantFrom("k1", "k2", "k3"), { nil: undefined, freq: 3 });
const value = fc.constantFrom("x", "y");

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      target: fc.constant(""),
      body: fc.record({ path, cas, values: fc.record({ v: value }) }),
      key,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      target: fc.constantFrom("?action=delete", "?action=undelete"),
      body: fc.record({ path, cas, versions: fc.array(number, { maxLength: 3 }) }),
      key,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ target: fc.constant("?action=remove"), body: fc.record({ path, cas }), key }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      target: fc.constantFrom("?action=get", "/metadata?action=get"),
      body: fc.record({ path, version: number }),
      key: fc.constant(undefined),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      target: fc.constant("?action=list"),
      body: fc.record({ prefix: fc.constantFrom("", "a", "a/"), limit: fc.integer({ min: 0, max: 2 }) }),
      key: fc.constant(undefined),
    }),
  },
);

const send = async (service: TestService, { target, body, key: idempotencyKey }: Command): Promise<TestAnswer> =>
  await service.post(`/v1/store/secrets${target}`, body, {
    headers: idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey },
  });

/** A response without times, which differ between two stores. */
const timeless = ({ status, text }: TestAnswer): string =>
  `${status} ${text.replaceAll(/"(created|updated)Time":"[^"]*"/g, "").replaceAll(/"deletedTime":"[^"]*"/g, '"deletedTime":"set"')}`;

const readEverything = async (service: TestService): Promise<string[]> => {
  const responses: string[] = [];
  for (const name of ["a", "a/b", "c"]) {
    const targets = ["?action=get", "/metadata?action=get"];
    for (const target of targets)
      responses.push(timeless(await send(service, { target, body: { path: name }, key: undefined })));
    for (let version = 1; version <= 12; version += 1) {
      responses.push(
        timeless(await send(service, { target: "?action=get", body: { path: name, version }, key: undefined })),
      );
    }
  }
  return responses;
};

const withServices = async (
  run: (specification: TestService, services: readonly TestService[], store: Store) => Promise<void>,
) => {
  const database = await fileDatabase();
  try {
    const store = libsqlStore(database.execute);
    const specification = await testService(memoryStore({ storeId: "m", now: Date.now }), { keptVersions: KEPT });
    const options = { keptVersions: KEPT, requestTimeoutMs: 20_000 };
    const services = await Promise.all([testService(store, options), testService(store, options)]);
    await run(specification, services, store);
  } finally {
    database.close();
  }
};

describe("the libSQL store, compared with the memory store", () => {
  it("returns the same responses to any sequence of commands", { timeout: LONG ? 600_000 : 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
        await withServices(async (specification, services) => {
          for (const [index, each] of commands.entries()) {
            const [expected, actual] = [await send(specification, each), await send(services[index % 2]!, each)];
            expect(timeless(actual)).toBe(timeless(expected));
          }
          expect(await readEverything(services[0]!)).toEqual(await readEverything(specification));
        });
      }),
      { numRuns: RUNS },
    );
  });

  it(
    "serializes concurrent commands of two services: replayed in order of revision, they give the same responses and state",
    { timeout: LONG ? 600_000 : 60_000 },
    async () => {
      const writes = fc.array(
        command.filter(({ target }) => !/get|list/.test(target)),
        { minLength: 4, maxLength: 16 },
      );
      await fc.assert(
        fc.asyncProperty(writes, async (commands) => {
          await withServices(async (specification, services, store) => {
            const done = await Promise.all(
              commands.map(async (each, index) => ({ each, response: await send(services[index % 2]!, each) })),
            );
            const won = done.filter(({ response }) => response.status === 200);
            const byRevision = won.toSorted(
              (a, b) => Number(a.response.body["revision"]) - Number(b.response.body["revision"]),
            );
            for (const { each, response } of byRevision) {
              expect(timeless(await send(specification, each))).toBe(timeless(response));
            }
            expect(await readEverything(services[1]!)).toEqual(await readEverything(specification));
            const statuses = done.map(({ response }) => response.status);
            expect(statuses.every((status) => [200, 404, 409, 422].includes(status))).toBe(true);
            const { store: row } = await store.load({}, new AbortController().signal);
            const revisions = new Set(won.map(({ response }) => response.body["revision"]));
            expect(row.revision, "one revision per acknowledged change").toBe(revisions.size);
          });
        }),
        { numRuns: RUNS },
      );
    },
  );
});
