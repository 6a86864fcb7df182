import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { testService } from "./harness/service.ts";

describe("nexus door", () => {
  it("puts and gets", async () => {
    const service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    const put = await service.post("/v1/store/secrets", { path: "a/b", values: { k: "v" } });
    expect(service.log).toEqual([]);
    expect(put).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    const got = await service.post("/v1/store/secrets?action=get", { path: "a/b" });
    expect(got).toMatchObject({ status: 200, body: { data: { k: "v" } } });
    console.log((await service.post("/v1/store/secrets/metadata?action=get", { path: "a/b" })).text);
  });
});
