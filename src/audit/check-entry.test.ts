import { expect, it } from "vitest";
import { memoryService } from "../../test/harness/memory-service.ts";
import { checkEntry } from "./check-entry.ts";

it("passes on errors that are not about the entry", async () => {
  const service = await memoryService();
  const { state, deps } = service;
  await service.put("a");
  const broken = {
    ...deps.ring,
    get keys(): never {
      throw new Error("broken");
    },
  };
  await expect(checkEntry(broken, state.store, service.entry(1))).rejects.toThrow("broken");
});
