import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import { auditOf } from "../../test/store-contract/rows.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import { sealEntry, verifyEntry } from "./entry.ts";
import { emptyState } from "./store-row.ts";

const STORE: StoreRow = { ...emptyState("s", "a"), revision: 9, epoch: 4, mac: null, schemaVersion: 2 };
const bytes = (seed: number) => new Uint8Array(32).fill(seed);
const {
  keyId: _keyId,
  mac: _mac,
  ...draft
} = auditOf("w", {
  seq: 3,
  prev: bytes(5),
  base: 6,
  anchor: bytes(6),
  epoch: 4,
  state: bytes(7),
  leadsTo: "{}",
});

let ring: KeyRing;
let entry: AuditRow;
beforeAll(async () => {
  ring = await ringOf(KEY_A, KEY_B);
  entry = { ...(await sealEntry(ring, "s", draft)), revision: 7 };
});

describe("an audit entry", () => {
  it("is sealed under the primary key, and verifies in its store", async () => {
    expect(entry).toMatchObject({ ...draft, keyId: "a" });
    expect(entry.mac).toHaveLength(32);
    await expect(verifyEntry(ring, STORE, entry)).resolves.toBeUndefined();
    await expect(verifyEntry(ring, { ...STORE, storeId: "t" }, entry)).rejects.toMatchObject({
      reason: "not_authentic",
    });
    const other = await ringOf(KEY_B);
    await expect(verifyEntry(other, STORE, entry)).rejects.toMatchObject({ reason: "unknown_key" });
  });

  it.each<Partial<AuditRow>>([
    { writeId: "v" },
    { request: bytes(9) },
    { at: draft.at + 1 },
    { workerAt: draft.workerAt + 1 },
    { spiffeId: "spiffe://example.org/b" },
    { action: "delete" },
    { resource: "secret:b" },
    { seq: 4 },
    { prev: null },
    { base: 5 },
    { anchor: null },
    { epoch: 3 },
    { state: null },
    { leadsTo: null },
    { outcome: '{"version":1}' },
    { traceId: "u" },
    { keyId: "b" },
    { mac: bytes(9) },
  ])("altered to %o does not verify", async (columns) => {
    await expect(verifyEntry(ring, STORE, { ...entry, ...columns })).rejects.toMatchObject({
      reason: "not_authentic",
      detail: 'MAC of "audit" does not verify',
    });
  });

  it.each([
    ["its revision is its base", 6, {}],
    ["its revision is below its base", 5, {}],
    ["its revision is above that of the store", 10, {}],
    ["its revision is above that of an older store", 7, { revision: 6 }],
    ["its epoch is above that of the store", 7, { epoch: 3 }],
  ])("is impossible if %s", async (_, revision, store) => {
    await expect(verifyEntry(ring, { ...STORE, ...store }, { ...entry, revision })).rejects.toMatchObject({
      reason: "inconsistent",
      detail: `audit entry ${revision} has a base, revision or epoch that this store cannot have`,
    });
  });

  it.each([7, 8, 9])("is possible at revision %i", async (revision) => {
    await expect(verifyEntry(ring, STORE, { ...entry, revision })).resolves.toBeUndefined();
  });
});
