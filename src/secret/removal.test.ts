import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import { auditOf } from "../../test/store-contract/rows.ts";
import { emptyState } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { StoreRow } from "../store/rows.ts";
import { lastNumber, parseRemoval } from "./removal.ts";

describe("a recorded removal", () => {
  it.each([{ latest: 3 }, { latest: 3, fault: "seal_not_authentic" }])("is parsed: %o", (outcome) => {
    expect(parseRemoval(outcome)).toEqual(outcome);
  });

  it.each([
    null,
    7,
    "text",
    {},
    { latest: "3" },
    { latest: null },
    { latest: 3, fault: 7 },
    { latest: 3, fault: null },
    { latest: 3, fault: "other" },
    { latest: 3, fault: "a seal_" },
  ])("is not parsed from the outcome %o", (outcome) => {
    expect(parseRemoval(outcome)).toBeUndefined();
  });

  it("has no other members", () => {
    expect(parseRemoval({ latest: 3, version: 4 })).toEqual({ latest: 3 });
  });
});

describe("the version number that a new secret goes on from", () => {
  const store: StoreRow = { ...emptyState("s", "a"), revision: 9, mac: null, schemaVersion: 2 };
  const tail = (keyId: string, outcome: object) => ({
    ...auditOf("w", { keyId, outcome: JSON.stringify(outcome) }),
    revision: 6,
  });
  let ring: KeyRing;
  beforeAll(async () => {
    ring = await ringOf(KEY_B, KEY_A);
  });

  it("is 0 for a path without entries, and that of the removal otherwise", () => {
    expect(lastNumber(ring, store, undefined)).toBe(0);
    expect(lastNumber(ring, store, tail("a", { latest: 3 }))).toBe(3);
  });

  it("is the revision of the store if the ring lacks the key of the removal, whose outcome is not read", () => {
    for (const outcome of [{ latest: 3 }, {}]) expect(lastNumber(ring, store, tail("z", outcome))).toBe(9);
  });

  it("is unknown if the entry is not that of a removal", () => {
    expect(() => lastNumber(ring, store, tail("a", { version: 3 }))).toThrow(
      expect.objectContaining({ reason: "malformed", detail: "audit entry 6 is not that of a removal" }),
    );
  });
});
