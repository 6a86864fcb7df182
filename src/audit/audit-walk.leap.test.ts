import { beforeEach, describe, expect, it } from "vitest";
import { memoryService, type MemoryService, ORIGIN, sealAgain } from "../../test/harness/memory-service.ts";
import { problemLines } from "../../test/harness/problem-lines.ts";
import { startGeneration } from "../repair/start-generation.ts";
import { verifyAudit } from "./verify-audit.ts";

describe("a restored database that was put into service", () => {
  let service: MemoryService;
  const lines = async (after = 0) => problemLines((await verifyAudit(service.deps, { after })).problems);
  const leap = async (beyond: number) =>
    expect(await startGeneration(service.deps, { ...ORIGIN, beyond })).toMatchObject({ ok: true });
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b");
  });

  it("lacks no entries between the backup and the leap", async () => {
    await leap(10);
    await service.put("a");
    expect(service.state.audit.map(({ revision }) => revision)).toEqual([1, 2, 11, 12]);
    expect(await lines()).toEqual([]);
    await leap(20);
    expect(await lines()).toEqual([]);
    expect(await lines(11)).toEqual([]);
  });

  it("lacks entries that were lost before the leap or after it", async () => {
    await leap(10);
    await service.put("a", "c");
    const kept = service.state.audit;
    service.lose(2);
    expect(await lines()).toEqual([
      "11 gap: the entry at revision 2 is missing",
      "11 broken_anchor: refers to a different entry at revision 2",
    ]);
    service.state.audit = kept;
    service.lose(12);
    expect((await lines())[0]).toBe("13 gap: the entry at revision 12 is missing");
    service.state.audit = kept;
    service.lose(11);
    expect((await lines())[0]).toBe("12 gap: the entries at revisions 3 to 11 are missing");
  });

  it("has no other entry that explains a gap", async () => {
    await leap(10);
    // An entry of another kind, one that leapt to another revision, and one that does not verify.
    for (const columns of [{ leadsTo: null }, { leadsTo: service.entry(11).leadsTo!.replace("10.", "9.") }]) {
      const forged = service.copy();
      forged.alter(11, await sealAgain(forged, 11, columns));
      expect(problemLines((await verifyAudit(forged.deps)).problems)).toContain(
        "11 gap: the entries at revisions 3 to 10 are missing",
      );
    }
    service.alter(11, { spiffeId: "x" });
    expect(await lines()).toContain("11 gap: the entries at revisions 3 to 10 are missing");
  });

  it("has a gap before an entry under an unknown key whose text is not JSON", async () => {
    await leap(10);
    service.alter(11, { keyId: "z", leadsTo: "{" });
    expect(await lines()).toContain("11 gap: the entries at revisions 3 to 10 are missing");
    service.alter(11, { leadsTo: "{}" });
    expect(await lines()).toContain("11 gap: the entries at revisions 3 to 10 are missing");
  });

  it("has no entries after the base of the leap", async () => {
    await service.put("c");
    const forked = service.copy();
    service.lose(3);
    service.state.store = { ...service.state.store, revision: 2 };
    await leap(10);
    service.state.audit = [...service.state.audit, forked.entry(3)].toSorted((a, b) => a.revision - b.revision);
    expect(await lines()).toEqual(["11 broken_anchor!: leapt from revision 2, which entry 3 follows"]);
    expect(await lines(3)).toEqual(["11 broken_anchor!: leapt from revision 2, which entry 3 follows"]);
    expect(await lines(10)).toEqual([]);
  });
});
