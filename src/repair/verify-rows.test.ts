import { beforeEach, describe, expect, it } from "vitest";
import { changeSnapshots } from "../../test/harness/change-snapshots.ts";
import { memoryService, type MemoryService, sealAgain, START } from "../../test/harness/memory-service.ts";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/ring.ts";
import type { BundleRow, PolicyRow, SecretRow } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { FIRST_ROW, formatCursor, parseCursor, type RowCursor } from "./cursor.ts";
import { verifyRows } from "./verify-rows.ts";

const ZEROS = new Uint8Array(32);
const UNLIMITED = { from: FIRST_ROW, pages: Infinity, maxMs: Infinity };

let service: MemoryService;
const verify = async (options: Partial<Parameters<typeof verifyRows>[1]> = {}, store: Store = service.deps.store) =>
  await verifyRows({ ...service.deps, store }, { ...UNLIMITED, ...options });
const lines = async (options: Parameters<typeof verify>[0] = {}, store?: Store) =>
  (await verify(options, store)).problems.map(({ resource, kind, detail }) => `${resource} ${kind}: ${detail}`);
const at = (text: string): RowCursor => parseCursor(text)!;

function alterSecret(path: string, columns: Partial<SecretRow>): void {
  const { secrets } = service.state;
  const { head, versions } = secrets.get(path)!;
  secrets.set(path, { head: { ...head, ...columns }, versions });
}

function alterPolicy(name: string, columns: Partial<PolicyRow>): void {
  service.state.policies.set(name, { ...service.state.policies.get(name)!, ...columns });
}

function alterBundle(name: string, columns: Partial<BundleRow>): void {
  service.state.bundles.set(name, { ...service.state.bundles.get(name)!, ...columns });
}

/** The store with other snapshots. */
const changed = (change: Parameters<typeof changeSnapshots>[1]): Store => changeSnapshots(service.deps.store, change);

beforeEach(async () => {
  service = await memoryService();
  await service.put("a", "b", "c");
  await service.putPolicy("p", "q");
  await service.putBundle("x.org", "y.org");
});

const lostRow = "lost_row: its newest audit entry leads to a row, which is missing";
const lostInNode = (rows: string) => `node:1 lost_row: node 1 of the authority trie contains ${rows} no row`;
const lostOne = lostInNode("a policy or trust bundle that has");

describe("verification reports exactly", () => {
  it.each<readonly [string, () => void | Promise<void>, readonly string[]]>([
    ["nothing", () => undefined, []],
    [
      "a damaged secret",
      () => alterSecret("b", { mac: ZEROS }),
      ['secret:b not_authentic: MAC of "secrets" does not verify'],
    ],
    [
      "a damaged policy",
      () => alterPolicy("p", { updatedAt: 1 }),
      ['policy:p not_authentic: record "policies.sealed" does not open'],
    ],
    [
      "a policy in another slot",
      () => alterPolicy("q", { slot: 1 }),
      ['policy:q inconsistent: policy "q" has a slot that its name does not lead to'],
    ],
    [
      "a policy with another version",
      () => alterPolicy("q", { version: 6 }),
      ['policy:q inconsistent: policy "q" was not written by its newest audit entry'],
    ],
    [
      "a policy with an impossible version",
      () => alterPolicy("q", { version: 99 }),
      ['policy:q inconsistent: policy "q" has a base, epoch or version that this store cannot have'],
    ],
    ["a lost policy", () => void service.state.policies.delete("p"), [`policy:p ${lostRow}`, lostOne]],
    [
      "a damaged bundle",
      () => alterBundle("x.org", { bundle: "{}" }),
      ['bundle:x.org not_authentic: MAC of "trust_bundles" does not verify'],
    ],
    [
      "a bundle in another slot",
      () => alterBundle("y.org", { slot: 1 }),
      ['bundle:y.org inconsistent: bundle of "y.org" has a slot that its name does not lead to'],
    ],
    ["a lost bundle", () => void service.state.bundles.delete("y.org"), [`bundle:y.org ${lostRow}`, lostOne]],
    ["a lost secret", () => void service.state.secrets.delete("b"), [`secret:b ${lostRow}`]],
    [
      "a lost secret whose entry is altered",
      () => {
        service.state.secrets.delete("b");
        service.alter(2, { spiffeId: "x" });
      },
      ['secret:b not_authentic: MAC of "audit" does not verify'],
    ],
    [
      "a lost secret whose entry looks like the deletion of a policy",
      async () => {
        service.state.secrets.delete("b");
        service.alter(2, await sealAgain(service, 2, { action: "delete" }));
      },
      [`secret:b ${lostRow}`],
    ],
    [
      "a lost policy whose entry looks like the removal of a secret",
      async () => {
        service.state.policies.delete("p");
        service.alter(4, await sealAgain(service, 4, { action: "remove" }));
      },
      [`policy:p ${lostRow}`, lostOne],
    ],
    [
      "two lost policies",
      () => service.state.policies.clear(),
      [`policy:p ${lostRow}`, `policy:q ${lostRow}`, lostInNode("2 policies or trust bundles that have")],
    ],
    [
      "a damaged node, and not the rows below it",
      () => void service.state.nodes.set(1, Uint8Array.of(0)),
      ["node:1 damaged_node: node 1 of the authority trie is not the one that the store row leads to"],
    ],
    [
      "a lost root",
      () => void service.state.nodes.delete(1),
      ["node:1 damaged_node: node 1 of the authority trie is missing"],
    ],
    ["a lost entry of a policy, in the audit only", () => service.lose(4), []],
  ])("%s", async (_, damage, expected) => {
    await damage();
    expect(await lines()).toEqual(expected);
    // Row by row it finds the same.
    expect(await lines({ perPage: 1 })).toEqual(expected);
  });

  it("nothing after removals and deletions", async () => {
    await service.remove("b");
    await service.deletePolicy("p");
    expect(await verify()).toMatchObject({ problems: [], unreachable: [] });
  });

  it("a removal or deletion that is altered", async () => {
    await service.remove("b");
    await service.deletePolicy("p");
    service.alter(8, { spiffeId: "x" });
    service.alter(9, { spiffeId: "x" });
    const expected = ["policy:p", "secret:b"].map(
      (resource) => `${resource} not_authentic: MAC of "audit" does not verify`,
    );
    expect(await lines()).toEqual(expected);
    service = service.copy(await ringOf(KEY_A, KEY_B));
    expect(await lines()).toEqual(expected);
  });

  it("a deleted policy that was put back, with its entry or without", async () => {
    const row = service.state.policies.get("p")!;
    await service.deletePolicy("p");
    await service.put("d");
    service.state.policies.set("p", row);
    const problem = 'policy:p inconsistent: policy "p" is not the one that the authority trie contains';
    expect(await lines()).toEqual([problem]);
    service.lose(4, 8);
    expect(await lines()).toEqual([problem]);
  });

  it("an old row of a policy that was put again", async () => {
    await service.putPolicy("p");
    const row = service.state.policies.get("p")!;
    // Its write id is not covered by the trie, but its newest entry has it.
    service.alter(8, { writeId: "other" });
    expect(row.version).toBe(8);
    expect(await lines()).toEqual(['policy:p inconsistent: policy "p" was not written by its newest audit entry']);
  });

  it("a secret whose head has an invalid path", async () => {
    const { secrets } = service.state;
    const found = secrets.get("a")!;
    secrets.set("~ ", { ...found, head: { ...found.head, path: "~ " } });
    expect(await lines()).toEqual(["secret:~  malformed: a secret has an invalid path"]);
  });

  it("versions without a head", async () => {
    const store = changed((_, { headless }) => (headless ? { headless: { rows: ["g", "h"], next: undefined } } : {}));
    expect(await lines({}, store)).toEqual([
      "secret:g lost_head: has versions but no head",
      "secret:h lost_head: has versions but no head",
    ]);
  });

  it("a secret without a head", async () => {
    const none = { head: undefined, states: [], version: undefined, tail: undefined };
    const store = changed((_, { secrets }) => (secrets ? { secrets: { rows: [none], more: false } } : {}));
    expect(await lines({}, store)).toEqual(["secret: malformed: a secret has an invalid path"]);
  });
});

describe("removals under a key that left the ring", () => {
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a");
    await service.remove("a");
    service = service.copy(await ringOf(KEY_B, KEY_A));
    await service.register();
    service = service.copy(await ringOf(KEY_B));
  });

  it("are trusted while the key is registered", async () => {
    expect(await lines()).toEqual([]);
    service.state.keys = service.state.keys.filter(({ keyId }) => keyId !== "a");
    expect(await lines()).toEqual(['secret:a unknown_key: key id "a" is not in the ring']);
  });

  it("are not trusted if they are no removals", async () => {
    service.alter(2, { action: "put" });
    expect(await lines()).toEqual(['secret:a unknown_key: key id "a" is not in the ring']);
  });
});

describe("a walk", () => {
  it("counts rows and nodes", async () => {
    expect(await verify()).toEqual({ rows: 8, problems: [], unreachable: [], next: undefined, revision: 7 });
    expect(await verify({ perPage: 1 })).toMatchObject({ rows: 8, next: undefined });
    service = await memoryService();
    expect(await verify()).toEqual({ rows: 0, problems: [], unreachable: [], next: undefined, revision: 0 });
  });

  it("stops after its pages, and goes on from there", async () => {
    const stops: string[] = [];
    for (let from: RowCursor | undefined = FIRST_ROW; from !== undefined;) {
      const { next, revision }: Awaited<ReturnType<typeof verify>> = await verify({ from, pages: 1, perPage: 2 });
      expect(revision).toBe(7);
      if (next !== undefined) stops.push(formatCursor(next));
      from = next;
    }
    expect(stops).toEqual([
      "secrets:b",
      "policies:",
      "bundles:",
      "versions:",
      "lost:",
      "lost:bundle:y.org",
      "lost:policy:q",
      "lost:secret:b",
      "nodes:0:0",
      "nodes:1:0",
    ]);
    expect((await verify({ from: at("secrets:a"), pages: 2, perPage: 1 })).rows).toBe(2);
    expect((await verify({ from: at("policies:p"), pages: 1, perPage: 1 })).rows).toBe(1);
    expect((await verify({ from: at("policies:"), pages: 1, perPage: 1 })).next).toEqual(at("policies:p"));
    expect((await verify({ from: at("bundles:"), pages: 1, perPage: 1 })).next).toEqual(at("bundles:x.org"));
    expect((await verify({ from: at("bundles:y.org"), pages: 1, perPage: 1 })).rows).toBe(0);
  });

  it("goes on after the last path with versions that was examined", async () => {
    const store = changed((_, { headless }) =>
      headless?.after === ""
        ? { headless: { rows: [], next: "k" } }
        : headless
          ? { headless: { rows: [headless.after], next: undefined } }
          : {},
    );
    expect((await verify({ from: at("versions:"), pages: 1 }, store)).next).toEqual(at("versions:k"));
    expect(await lines({}, store)).toEqual(["secret:k lost_head: has versions but no head"]);
  });

  it("stops after its time", async () => {
    const { deps } = service;
    let now = START;
    const store = changed(() => ((now += 10), {}));
    const rowsIn = async (maxMs: number) =>
      (
        await verifyRows(
          { ...deps, store, attempts: { ...deps.attempts, now: () => now } },
          { ...UNLIMITED, maxMs, perPage: 1 },
        )
      ).rows;
    expect([await rowsIn(5), await rowsIn(10), await rowsIn(25), await rowsIn(10_000)]).toEqual([1, 2, 3, 8]);
  });

  it("stops at 100 problems", async () => {
    await service.put(...Array.from({ length: 105 }, (_, n) => `d/${n}`));
    for (const path of service.state.secrets.keys()) alterSecret(path, { mac: ZEROS });
    const { problems, next } = await verify({ perPage: 10 });
    expect([problems.length, next?.phase]).toEqual([100, "secrets"]);
    expect((await verify({ perPage: 99 })).problems).toHaveLength(108);
    expect((await verify({ perPage: 100 })).problems).toHaveLength(100);
  });

  it("loads smaller pages after a page that is too large, and keeps that size", async () => {
    const limits: number[] = [];
    const limited = (max: number, reason: "answer_too_large" | "rejected" = "answer_too_large") =>
      changed((_, query) => {
        const limit = query.secrets?.limit ?? query.policiesWithTails?.limit ?? 0;
        if (limit > 0) limits.push(limit);
        if (limit > max) throw new StoreUnavailable(reason, "none", "");
        return {};
      });
    expect(await verify({}, limited(5))).toMatchObject({ rows: 8, next: undefined });
    expect(limits).toEqual([1000, 250, 63, 16, 4, 4]);
    expect(await verify({ perPage: 2 }, limited(1))).toMatchObject({ rows: 8, next: undefined });
    await expect(verify({ perPage: 5 }, limited(0))).rejects.toMatchObject({ reason: "answer_too_large" });
    expect(limits.slice(-3)).toEqual([5, 2, 1]);
    await expect(verify({}, limited(5, "rejected"))).rejects.toMatchObject({ reason: "rejected" });
    const failing = changed(() => {
      throw new TypeError("answer_too_large");
    });
    await expect(verify({}, failing)).rejects.toThrow(TypeError);
  });

  it("verifies the store row of each page", async () => {
    for (let n = 1; n <= 6; n += 1) {
      const store = changed(({ store: row }, _, loads) => (loads === n ? { store: { ...row, mac: ZEROS } } : {}));
      await expect(verify({}, store)).rejects.toMatchObject({ reason: "not_authentic" });
    }
  });
});

describe("a walk over nodes", () => {
  beforeEach(async () => await service.putPolicy(...Array.from({ length: 30 }, (_, n) => `n${n}`)));

  it("covers each depth", async () => {
    const { nodes } = service.state;
    const { rows } = await verify({ from: at("nodes:0:0") });
    expect(rows).toBe(nodes.size);
    expect(await verify({ from: at("nodes:0:0"), perPage: 3 })).toMatchObject({ rows, problems: [], unreachable: [] });
    for (const id of nodes.keys()) {
      const content = nodes.get(id)!;
      nodes.set(id, Uint8Array.of(7));
      for (const perPage of [1, 2, 1000]) {
        const { problems } = await verify({ from: at("nodes:0:0"), perPage });
        expect(problems.map(({ resource }) => resource)).toEqual([`node:${id}`]);
      }
      nodes.set(id, content);
    }
  });

  it("reports unreachable nodes, which are harmless", async () => {
    const { nodes } = service.state;
    const ids = [4 ** 5, 4 ** 12].filter((id) => !nodes.has(id));
    nodes.set(4 ** 5, Uint8Array.of(0)).set(4 ** 12, Uint8Array.of(0));
    expect(await verify()).toMatchObject({ problems: [], unreachable: [] });
    for (let depth = 3; depth < 12; depth += 1) nodes.set(4 ** depth, Uint8Array.of(0));
    const { problems, unreachable } = await verify();
    expect(problems).toEqual([]);
    expect(unreachable).toEqual(expect.arrayContaining(ids));
    expect((await verify({ from: at("nodes:12:0") })).next).toBeUndefined();
    expect((await verify({ from: at("nodes:11:0"), pages: 1 })).next).toEqual(at("nodes:12:0"));
  });

  it("loads fewer nodes if their rows do not fit, down to one", async () => {
    const limits: number[] = [];
    const store = changed((snapshot, { level }) => {
      if (level === undefined || snapshot.level === undefined) return {};
      limits.push(level.limit);
      return { level: { ...snapshot.level, resources: { ...snapshot.level.resources, more: level.depth > 0 } } };
    });
    expect((await verify({ from: at("nodes:0:0"), perPage: 20, pages: 2 }, store)).next).toEqual(at("nodes:1:4"));
    expect(limits).toEqual([20, 20, 5, 2, 1]);
  });
});
