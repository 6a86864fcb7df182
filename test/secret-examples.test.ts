import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { fileDatabase } from "./harness/file-database.ts";
import { type TestService, testService } from "./harness/service.ts";

interface Backend {
  readonly store: Store;
  close(): void;
}

const BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = {
  memory: async () => ({ store: memoryStore({ storeId: "s", now: Date.now }), close: () => undefined }),
  libSQL: async () => {
    const database = await fileDatabase();
    return { store: libsqlStore(database.execute), close: () => database.close() };
  },
};

/** Numbered examples of SPIKE's version semantics, with our corrections. */
describe.each(Object.keys(BACKENDS))("version semantics in %s", (name) => {
  let backend: Backend;
  let service: TestService;
  beforeEach(async () => {
    backend = await BACKENDS[name]!();
    service = await testService(backend.store);
  });
  afterEach(() => backend.close());

  const path = "app/db";
  const put = async (value: string) => await service.post("/v1/store/secrets", { path, values: { v: value } });
  const puts = async (count: number) => {
    for (let n = 1; n <= count; n += 1) expect((await put(`value ${n}`)).body).toMatchObject({ version: n });
  };
  const remove = async (versions: unknown) => await service.post("/v1/store/secrets?action=delete", { path, versions });
  const undelete = async (versions: unknown) =>
    await service.post("/v1/store/secrets?action=undelete", { path, versions });
  const get = async (version?: number) => {
    const answer = await service.post("/v1/store/secrets?action=get", { path, version });
    return answer.status === 200 ? (answer.body["data"] as { v: string }).v : answer.status;
  };
  const metadata = async (version = 0) =>
    await service.post("/v1/store/secrets/metadata?action=get", { path, version });

  interface Wire {
    readonly versions: Record<string, { readonly version: number; readonly deletedTime: string | null }>;
    readonly metadata: {
      readonly currentVersion: number;
      readonly oldestVersion: number;
      readonly updatedTime: string;
    };
  }
  const wire = async () => (await metadata()).body as unknown as Wire;
  /** The notation of the examples: current/oldest {versions}, `d` for deleted. */
  const state = async () => {
    const { versions, metadata: head } = await wire();
    for (const [key, version] of Object.entries(versions)) expect(version.version).toBe(Number(key));
    const list = Object.values(versions).map((version) => `${version.version}${version.deletedTime ? "d" : ""}`);
    return `${head.currentVersion}/${head.oldestVersion} {${list.join(",")}}`;
  };

  it("example 1: the first put", async () => {
    await puts(1);
    expect(await state()).toBe("1/1 {1}");
  });

  it("example 2: three puts, all readable by number", async () => {
    await puts(3);
    expect(await state()).toBe("3/1 {1,2,3}");
    expect(await get(1)).toBe("value 1");
    expect(await get()).toBe("value 3");
  });

  it("examples 3 to 9: versions of one secret are deleted and restored", async () => {
    await puts(3);
    expect(await remove([])).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await state(), "example 3").toBe("2/1 {1,2,3d}");
    expect([await get(), await get(3)], "example 3").toEqual(["value 2", 404]);

    expect(await remove([0])).toMatchObject({ status: 200, body: { version: 1 } });
    expect(await state(), "example 4").toBe("1/1 {1,2d,3d}");

    expect(await remove(null)).toMatchObject({ status: 200, body: { version: 0 } });
    expect(await state(), "example 5").toBe("0/0 {1d,2d,3d}");
    expect([await get(), await get(1), await get(2), await get(3)], "example 5").toEqual([404, 404, 404, 404]);
    expect((await metadata(2)).status, "example 5: corrected, metadata of a fully deleted secret").toBe(200);
    expect((await metadata(4)).status, "example 5").toBe(404);
    expect((await service.post("/v1/store/secrets?action=list", {})).body, "example 5").toEqual({ keys: [path] });

    const before = await wire();
    expect((await remove([])).status, "example 6").toBe(200);
    expect(await wire(), "example 6").toEqual(before);

    expect(await undelete([])).toMatchObject({ status: 200, body: { version: 3 } });
    expect(await state(), "example 7").toBe("3/3 {1d,2d,3}");
    expect(await get(), "example 7").toBe("value 3");

    const { updatedTime } = (await wire()).metadata;
    await sleep(5);
    expect(await undelete([1, 2])).toMatchObject({ status: 200, body: { version: 3 } });
    expect(await state(), "example 8").toBe("3/1 {1,2,3}");
    expect((await wire()).metadata.updatedTime, "example 8").toBe(updatedTime);

    for (const nothing of [[2], [], [0], [99]]) {
      expect((await undelete(nothing)).status, `example 9: ${JSON.stringify(nothing)}`).toBe(404);
    }
    expect(await state(), "example 9").toBe("3/1 {1,2,3}");
  });

  it("example 3, then undelete: an empty list restores the newest version (corrected)", async () => {
    await puts(3);
    await remove([]);
    expect((await undelete([])).status).toBe(200);
    expect(await state()).toBe("3/1 {1,2,3}");
    await remove([]);
    expect((await undelete([0])).status).toBe(200);
    expect(await state()).toBe("3/1 {1,2,3}");
  });

  it("example 10a: deletes the oldest and the current version", async () => {
    await puts(3);
    await remove([1, 3]);
    expect(await state()).toBe("2/2 {1d,2,3d}");
  });

  it("example 10b: deleting another version than the current one keeps updatedTime", async () => {
    await puts(4);
    const { updatedTime } = (await wire()).metadata;
    await sleep(5);
    await remove([1, 3]);
    expect(await state()).toBe("4/2 {1d,2,3d,4}");
    expect((await wire()).metadata.updatedTime).toBe(updatedTime);
    await sleep(5);
    await remove([4]);
    expect((await wire()).metadata.updatedTime).not.toBe(updatedTime);
  });

  it("example 11: a number that does not exist", async () => {
    await puts(3);
    expect((await remove([99, -1])).status).toBe(200);
    expect(await state()).toBe("3/1 {1,2,3}");
  });

  it("example 12: [0] restores the newest version (corrected)", async () => {
    await puts(3);
    await remove([1, 2, 3]);
    expect(await undelete([0])).toMatchObject({ status: 200, body: { version: 3 } });
    expect(await state()).toBe("3/3 {1d,2d,3}");
  });

  it("example 13: oldest is recomputed (corrected)", async () => {
    await puts(3);
    await remove([1, 2, 3]);
    expect(await put("again")).toMatchObject({ body: { version: 4 } });
    expect(await state()).toBe("4/4 {1d,2d,3d,4}");
  });

  it("example 14: the number of a deleted version is not reused (corrected)", async () => {
    await puts(3);
    await remove([3]);
    expect(await put("again")).toMatchObject({ body: { version: 4 } });
    expect(await state()).toBe("4/1 {1,2,3d,4}");
    await undelete([3]);
    expect([await get(3), await get(4)]).toEqual(["value 3", "again"]);
  });

  describe("with at most 3 versions", () => {
    beforeEach(async () => {
      service = await testService(backend.store, { keptVersions: 3 });
    });

    it("example 15: pruned versions are deleted permanently (corrected)", async () => {
      await puts(5);
      expect(await state()).toBe("5/3 {3,4,5}");
      expect([await get(1), await get(2), await get(3)]).toEqual([404, 404, "value 3"]);
      expect((await metadata(2)).status).toBe(404);
    });

    it("example 16: a pruned version is never restored (corrected)", async () => {
      await puts(5);
      await remove([3, 4, 5]);
      expect(await state()).toBe("0/0 {3d,4d,5d}");
      expect([await get(), await get(2)]).toEqual([404, 404]);
    });

    it("example 17: oldest is a live version (corrected)", async () => {
      await puts(3);
      await remove([2]);
      await put("value 4");
      expect(await state()).toBe("4/3 {2d,3,4}");
    });
  });

  it("example 18: a second deletion keeps the time of the first (corrected)", async () => {
    await puts(2);
    await remove([1]);
    const before = await wire();
    await sleep(5);
    expect((await remove([1])).status).toBe(200);
    expect(await state()).toBe("2/2 {1d,2}");
    expect(await wire()).toEqual(before);
  });

  it("example 19: an unknown path", async () => {
    expect([await get(), (await metadata()).status]).toEqual([404, 404]);
    expect([(await remove([])).status, (await undelete([])).status]).toEqual([404, 404]);
    expect((await service.post("/v1/store/secrets?action=list", {})).body).toEqual({ keys: [] });
  });

  it("example 20: no values at all", async () => {
    for (const body of [
      { path: "a", values: {} },
      { path: "b", values: null },
    ]) {
      expect((await service.post("/v1/store/secrets", body)).body).toMatchObject({ version: 1 });
      const got = await service.post("/v1/store/secrets?action=get", { path: body.path });
      expect(got.text).toBe('{"data":{}}');
    }
  });

  it("keeps the text of values as sent: order of keys, escapes, spaces", async () => {
    const text = '{ "10": "x", "2":"\\u00e9\\ud800", "a b":"\u{1F511}\\n" }';
    await service.post("/v1/store/secrets", `{"path":"raw","values":${text}}`);
    const got = await service.post("/v1/store/secrets?action=get", { path: "raw" });
    expect(got.text).toBe(`{"data":${text}}`);
  });
});
