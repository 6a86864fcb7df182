import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { withClock } from "../../test/harness/clocks.ts";
import { type FileDatabase, fileDatabase } from "../../test/harness/file-database.ts";
import { KEY_A, ringOf } from "../../test/harness/service.ts";
import { deleteSecret } from "./delete.ts";
import { UNRESTRICTED } from "../store/access.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { Store } from "../store/store.ts";
import { getSecret } from "./get.ts";
import { getMetadata } from "./metadata.ts";
import { putSecret } from "./put.ts";
import type { SecretDeps } from "./deps.ts";
import { parseSecretPath } from "./secret-path.ts";
import { addVersion } from "./versions.ts";
import { type WriteRequest, writeSecret } from "./write.ts";

/** Versions with a deletion time in the future. No operation sets one yet, but rows and reads support them. */
describe.each(["memory", "libSQL"])("a version that expires (%s)", (kind) => {
  const path = parseSecretPath("a")!;
  const request: WriteRequest = {
    caller: "spiffe://x/y",
    path,
    cas: undefined,
    idempotencyKey: undefined,
    traceId: "t",
  };
  const END = 1_800_000_000_500;
  const HOUR = 3_600_000;
  const DAY = 24 * HOUR;
  /** The worker's clock, and how far the database's is ahead of it. */
  let clock: number;
  let offset: number;
  let database: FileDatabase | undefined;
  let store: Store;
  let deps: SecretDeps;
  beforeEach(async () => {
    clock = END - 500;
    offset = 0;
    const now = () => clock + offset;
    database = kind === "memory" ? undefined : await fileDatabase();
    store = database ? libsqlStore(withClock(database.execute, now)) : memoryStore({ storeId: "s", now });
    const attempts = { ...PATIENT, now: () => clock };
    const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    deps = { store, ring: await ringOf(KEY_A), attempts, randomBytes, keptVersions: 10, access: UNRESTRICTED };
    await putSecret(deps, { ...request, text: '{"v":"1"}' });
    await writeSecret(deps, request, {
      action: "put",
      body: [],
      decide(secret, { writeId, now }) {
        const state = { number: 2, writeId, createdAt: now, deletedAt: END, destroyedAt: null };
        return {
          ok: true,
          outcome: { version: 2, versions: [2] },
          edit: { ...addVersion(secret!.versions, state, 10), added: { state, text: '{"v":"2"}' } },
        };
      },
    });
  });
  afterEach(() => database?.close());
  const get = async (number = 0) => {
    const result = await getSecret(deps, { path, number });
    return result.ok ? result.answer.text : result.failure.code;
  };

  it("is current until it expires, and then the highest live version is", async () => {
    clock = END - 1;
    expect([await get(), await get(2)]).toEqual(['{"v":"2"}', '{"v":"2"}']);
    clock = END;
    expect([await get(), await get(2)]).toEqual(['{"v":"1"}', "not_found"]);
    expect(await getMetadata(deps, { path, number: 0 })).toMatchObject({ answer: { current: 1, oldest: 1 } });
  });

  it("keeps its number and may leave no current version", async () => {
    clock = END;
    expect(await putSecret(deps, { ...request, text: "{}" })).toMatchObject({ answer: { version: 3 } });
    expect(await get()).toBe("{}");
  });

  const read = async () => {
    const metadata = await getMetadata(deps, { path, number: 0 });
    return [await get(), await get(2), metadata.ok && metadata.answer.current];
  };
  const LIVE = ['{"v":"2"}', '{"v":"2"}', 2];
  const EXPIRED = ['{"v":"1"}', "not_found", 1];

  it.each<readonly [string, number, number, readonly unknown[]]>([
    ["is not hidden by a database 100 days ahead", -HOUR, 100 * DAY, LIVE],
    ["is hidden at most 15 minutes early", -HOUR / 4, 100 * DAY, EXPIRED],
    ["is not hidden more than 15 minutes early", -HOUR / 4 - 1, 100 * DAY, LIVE],
    ["is not revived by a database 100 days behind", HOUR, -100 * DAY, EXPIRED],
    ["is readable less than 15 minutes too long", HOUR / 4 - 1, -100 * DAY, LIVE],
    ["is not readable 15 minutes too long", HOUR / 4, -100 * DAY, EXPIRED],
    ["expires by the database's clock within 15 minutes", -60_000, 60_000, EXPIRED],
    ["is live by the database's clock within 15 minutes", 60_000, -60_001, LIVE],
  ])("%s", async (_, worker, databaseOffset, expected) => {
    clock = END + worker;
    offset = databaseOffset;
    expect(await read()).toEqual(expected);
  });

  it("is not revived by clocks that are set back behind the last write", async () => {
    clock = END + HOUR;
    await putSecret(deps, { ...request, text: "{}" });
    await deleteSecret(deps, { ...request, numbers: [3] });
    clock = END - HOUR;
    expect(await read()).toEqual(EXPIRED);
    offset = -100 * DAY;
    expect(await read()).toEqual(EXPIRED);
  });

  it("is not readable if the database omits the versions that would replace it", async () => {
    clock = END;
    const lying: Store = {
      commit: async (...args) => await store.commit(...args),
      load: async (query, signal) => {
        const snapshot = await store.load(query, signal);
        return { ...snapshot, secret: { ...snapshot.secret, states: undefined } } as never;
      },
    };
    await expect(getSecret({ ...deps, store: lying }, { path, number: 0 })).rejects.toMatchObject({
      reason: "inconsistent",
    });
  });
});
