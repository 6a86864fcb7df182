import { describe, expect, it } from "vitest";
import type { Store } from "../src/store/store.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { fileDatabase } from "./harness/file-database.ts";
import { testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";

describe.each(["memory", "libSQL"])("two workers with other settings over one %s store", (backend) => {
  const withStore = async (run: (store: Store) => Promise<void>) => {
    if (backend === "memory") {
      await run(memoryStore({ storeId: "s", now: Date.now }));
      return;
    }
    const database = await fileDatabase();
    try {
      await run(libsqlStore(database.execute));
    } finally {
      database.close();
    }
  };

  it("keep as many versions as the setting of the worker that created the secret (Q36)", async () => {
    await withStore(async (store) => {
      const [wide, narrow] = [
        await testService(store, { keptVersions: 50 }),
        await testService(store, { keptVersions: 10 }),
      ];
      const put = async (by: typeof wide, path: string) => {
        expect((await by.post(SECRETS, { path, values: {} })).status).toBe(200);
      };
      const stateOf = async (path: string) => {
        const { versions, metadata } = (await narrow.post(`${SECRETS}/metadata?action=get`, { path })).body;
        const numbers = Object.keys(versions as object).map(Number);
        return [Math.min(...numbers), Math.max(...numbers), (metadata as { maxVersions: number }).maxVersions];
      };
      for (let n = 0; n < 50; n += 1) await put(wide, "a");
      await put(narrow, "a");
      expect(await stateOf("a")).toEqual([2, 51, 50]);
      await put(wide, "a");
      expect(await stateOf("a")).toEqual([3, 52, 50]);
      // The other way round: a wider setting keeps no more.
      await put(narrow, "b");
      for (let n = 0; n < 11; n += 1) await put(wide, "b");
      expect(await stateOf("b")).toEqual([3, 12, 10]);
      // Neither a delete nor a rewrap changes the number, and a new secret gets a new one.
      await narrow.post(`${SECRETS}?action=delete`, { path: "a" });
      expect(await stateOf("a")).toEqual([3, 52, 50]);
      expect((await narrow.post(`${SECRETS}?action=remove`, { path: "a" })).status).toBe(200);
      await put(narrow, "a");
      expect(await stateOf("a")).toEqual([53, 53, 10]);
    });
  });
});
