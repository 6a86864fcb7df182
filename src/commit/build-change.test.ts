import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import { auditOf } from "../../test/store-contract/rows.ts";
import type { KeyRing, RingKey } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import type { AuditRow, Bytes, HeartbeatRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, Change } from "../store/store.ts";
import { slotOf } from "./authority/slot.ts";
import { AuthorityTrie } from "./authority/trie.ts";
import { markAfter } from "./bookmark/mark.ts";
import { type AcceptedWrite, buildChange, type NextEntry } from "./build-change.ts";
import { verifyEntry } from "./entry.ts";
import { signHeartbeat } from "./heartbeat.ts";
import { describeState, emptyState, firstCommit, signState } from "./store-row.ts";

const bytes = (seed: number): Bytes => new Uint8Array(16).fill(seed);
const STORE: StoreRow = {
  ...emptyState("s", "a"),
  epoch: 4,
  auditFloor: 2,
  generation: "g",
  acknowledged: 1,
  revision: 9,
  mac: bytes(7),
  schemaVersion: 2,
};
const WRITE = {
  caller: "spiffe://spike.ist/x",
  traceId: "t",
  action: "put",
  resource: "secret:p",
  request: { label: "request", fields: ["secret.put", "p"] },
} as const;
const RESTS = [{ table: "policies", name: "q", version: 3 }] as const;
const TAIL: AuditRow = { ...auditOf("v", { mac: bytes(5) }), revision: 6 };
const ACCEPTED: AcceptedWrite<object> = {
  ok: true,
  change: { secret: { kind: "remove", path: "p" } },
  outcome: { version: 3 },
};
const DATABASE_NOW = 1000;
const WORKER_NOW = 5000;

let ring: KeyRing;
let a: RingKey;
let b: RingKey;
beforeAll(async () => {
  ring = await ringOf(KEY_A, KEY_B);
  [a, b] = ring.keys as [RingKey, RingKey];
});

interface Options {
  readonly accepted?: Partial<AcceptedWrite<object>>;
  readonly store?: StoreRow;
  readonly newest?: Bytes | null;
  readonly tail?: AuditRow | undefined;
  readonly damaged?: StoreRow;
  readonly endsAt?: number;
  readonly heartbeatMs?: number;
  /** When the stored heartbeat was written. */
  readonly heartbeatAt?: number;
}

async function build(options: Options = {}): Promise<Change> {
  const { store = STORE, newest = bytes(8), endsAt = WORKER_NOW + 300, damaged, heartbeatMs, heartbeatAt } = options;
  const row = heartbeatAt === undefined ? undefined : ({ at: heartbeatAt } as HeartbeatRow);
  const heartbeat = heartbeatMs === undefined ? undefined : { row, entryMac: null };
  const place: NextEntry = { writeId: "w", seq: 4, ring, time: 777 };
  return await buildChange(
    { ...ACCEPTED, ...options.accepted },
    {
      write: WRITE,
      place,
      tail: "tail" in options ? options.tail : TAIL,
      snapshot: { now: DATABASE_NOW, store, newest, heartbeat } as AnySnapshot,
      damaged,
      rests: RESTS,
      attempts: { now: () => WORKER_NOW, endsAt },
      heartbeatMs,
    },
  );
}

describe("a change", () => {
  it("has the rows of the write, and its entry with both times and the state that it was decided on", async () => {
    const change = await build();
    expect(change).toEqual({
      secret: { kind: "remove", path: "p" },
      tail: 6,
      rests: RESTS,
      notAfter: DATABASE_NOW + 300,
      decidedOn: { storeId: "s", generation: "g", keyId: "a", schemaVersion: 2 },
      audit: {
        writeId: "w",
        seq: 4,
        request: await computeMac(a, WRITE.request),
        at: DATABASE_NOW,
        workerAt: WORKER_NOW,
        spiffeId: "spiffe://spike.ist/x",
        action: "put",
        resource: "secret:p",
        prev: TAIL.mac,
        base: 9,
        anchor: bytes(8),
        epoch: 4,
        state: bytes(7),
        leadsTo: null,
        outcome: '{"version":3}',
        traceId: "t",
        keyId: "a",
        mac: change.audit.mac,
      },
    });
    await verifyEntry(ring, { ...STORE, revision: 10 }, { ...change.audit, revision: 10 });
  });

  it("starts the chain of a resource without entries", async () => {
    expect(await build({ tail: undefined })).toMatchObject({ tail: 0, audit: { prev: null, seq: 4 } });
  });

  it.each([
    [300, 1300],
    [0, 1000],
    [-1, 1000],
    [-300, 1000],
  ])("of a request that ends in %i ms may be applied until %i by the database's clock", async (left, notAfter) => {
    expect((await build({ endsAt: WORKER_NOW + left })).notAfter).toBe(notAfter);
  });

  it("registers the keys with the first commit of the store, and signs the state before it", async () => {
    const empty: StoreRow = { ...STORE, ...emptyState("s", "a"), keyId: null, mac: null, revision: 0 };
    const change = await build({ store: empty, newest: null, tail: undefined });
    expect(change.init).toEqual(await firstCommit(ring, empty, 777));
    expect(change).toMatchObject({
      decidedOn: { storeId: "s", generation: "", keyId: null, schemaVersion: 2 },
      audit: { state: null, anchor: null },
    });
    expect(await build({ store: { ...STORE, revision: 1 } })).not.toHaveProperty("init");
  });
});

describe("a change of permissions", () => {
  const next = { storeId: "s", epoch: 5, auditFloor: 2, generation: "g", acknowledged: 1, keyId: "a" };

  it("leads to the next epoch with the root and the nodes of its trie, which its entry describes", async () => {
    const trie = AuthorityTrie.of([{ slot: slotOf("policy:p"), member: bytes(1) }]);
    const state = { ...next, authority: trie.root };
    const { audit, authority } = await build({ accepted: { authority: { trie } } });
    expect(authority).toMatchObject({ ...state, mac: await signState(a, state), nodes: trie.changes });
    expect(authority?.nodes).toHaveLength(1);
    expect(audit).toMatchObject({ epoch: 4, leadsTo: describeState(state) });
  });

  it("keeps the root and stores no nodes if it changes only columns", async () => {
    for (const columns of [{}, { auditFloor: 3 }, { generation: "h" }, { acknowledged: 2 }]) {
      const state = { ...next, authority: STORE.authority, ...columns };
      const { audit, authority } = await build({ accepted: { authority: columns } });
      expect(authority).toMatchObject({ ...state, mac: await signState(a, state), nodes: [] });
      expect(audit.leadsTo).toBe(describeState(state));
    }
  });

  it("can change the key that signs the entry and the store row", async () => {
    const state = { ...next, authority: STORE.authority, keyId: "b" };
    const { audit, authority, decidedOn } = await build({ accepted: { authority: {}, ring: { ...ring, primary: b } } });
    expect(authority).toMatchObject({ ...state, mac: await signState(b, state) });
    expect(audit).toMatchObject({ keyId: "b", request: await computeMac(b, WRITE.request) });
    expect(decidedOn.keyId).toBe("a");
  });
});

describe("a change of a repaired store row", () => {
  it("requires the key id, generation and epoch of the damaged one", async () => {
    const damaged = { ...STORE, epoch: 99, keyId: "z", generation: "x" };
    expect(await build({ damaged })).toMatchObject({
      damagedEpoch: 99,
      decidedOn: { storeId: "s", generation: "x", keyId: "z", schemaVersion: 2 },
      audit: { epoch: 4, keyId: "a" },
    });
    expect(await build()).not.toHaveProperty("damagedEpoch");
  });
});

describe("the heartbeat of a change", () => {
  const heartbeatOf = async (change: Change, store: StoreRow) =>
    await signHeartbeat(ring, markAfter(change, STORE, 0)!, { store, at: WORKER_NOW });

  it("replaces a missing or old one, and has the moment of the commit", async () => {
    for (const at of [undefined, WORKER_NOW - 101]) {
      const change = await build({ heartbeatMs: 100, ...(at !== undefined && { heartbeatAt: at }) });
      expect(change.heartbeat).toEqual(await heartbeatOf(change, STORE));
    }
  });

  it("belongs to the generation that the change leads to", async () => {
    const change = await build({ heartbeatMs: 100, accepted: { authority: { generation: "h" } } });
    expect(change.heartbeat).toEqual(await heartbeatOf(change, { ...STORE, generation: "h" }));
    expect(change.heartbeat?.epoch).toBe(5);
  });

  it.each<readonly [string, Options]>([
    ["commits write none", {}],
    ["a newer one is stored", { heartbeatMs: 100, heartbeatAt: WORKER_NOW - 100 }],
    ["the store row has no MAC", { heartbeatMs: 100, store: { ...STORE, mac: null } }],
  ])("is absent if %s", async (_, options) => {
    expect(await build(options)).not.toHaveProperty("heartbeat");
  });
});
