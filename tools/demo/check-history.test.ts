import { describe, expect, it } from "vitest";
import {
  findLostUpdates,
  findSequenceErrors,
  findUnmatchedWrites,
  findWritesAfterRevocation,
  type ObservedWrite,
} from "./check-history.ts";
import type { AcknowledgedWrite } from "./ledger.ts";
import type { AuditEntry } from "./read-audit.ts";

const SPIFFE_ID = "spiffe://spike.ist/app";

describe("findLostUpdates", () => {
  const writes = [
    { version: 1, value: "a" },
    { version: 2, value: "b" },
  ];
  const stored = (...pairs: readonly (readonly [number, string | undefined])[]) => new Map(pairs);

  it("accepts versions that have their acknowledged values", () => {
    expect(findLostUpdates(writes, stored([1, "a"], [2, "b"], [3, "c"]))).toEqual([]);
  });

  it.each([
    ["a replaced value", stored([1, "b"], [2, "b"]), 'version 1, acknowledged for "a", has the value "b"'],
    [
      "a version that cannot be read",
      stored([1, "a"], [2, undefined]),
      'version 2, acknowledged for "b", does not exist',
    ],
    ["a version that was not read", stored([1, "a"]), 'version 2, acknowledged for "b", does not exist'],
  ])("reports %s", (_, versions, problem) => {
    expect(findLostUpdates(writes, versions)).toEqual([problem]);
  });

  it("reports one of two writes that were acknowledged with the same version", () => {
    const duplicates = [
      { version: 1, value: "a" },
      { version: 1, value: "b" },
    ];
    expect(findLostUpdates(duplicates, stored([1, "b"]))).toEqual([
      'version 1, acknowledged for "a", has the value "b"',
    ]);
  });
});

describe("findSequenceErrors", () => {
  it("accepts the numbers from 1 to count in any order", () => {
    expect(findSequenceErrors([3, 1, 2], 3)).toEqual([]);
    expect(findSequenceErrors([], 0)).toEqual([]);
  });

  it.each([
    [[1, 3], 3, ["2 is missing"]],
    [[1, 2], 3, ["3 is missing"]],
    [[1, 2, 2], 2, ["2 occurs 2 times"]],
    [[1, 2, 3], 2, ["3 is not from 1 to 2"]],
    [[0, 1, 1.5], 1, ["0 is not from 1 to 1", "1.5 is not from 1 to 1"]],
    [[1, 1], 2, ["2 is missing", "1 occurs 2 times"]],
  ])("reports errors in %j for a count of %i", (numbers, count, problems) => {
    expect(findSequenceErrors(numbers, count)).toEqual(problems);
  });
});

describe("findWritesAfterRevocation", () => {
  const revocation = { revision: 10, spiffeId: SPIFFE_ID };
  const acknowledged = (revision: number, isLate = false): ObservedWrite => ({
    isLate,
    result: { ok: true, revision },
  });
  const rejected = (status: number, isLate = false): ObservedWrite => ({ isLate, result: { ok: false, status } });

  it("accepts writes that were committed earlier and late writes that were rejected", () => {
    const writes = [acknowledged(8), acknowledged(9), rejected(401), rejected(401, true)];
    expect(findWritesAfterRevocation(revocation, writes, [entry({ revision: 8 }), entry({ revision: 9 })])).toEqual([]);
  });

  it("ignores writes of other SPIFFE IDs", () => {
    const other = entry({ revision: 11, spiffeId: "spiffe://spike.ist/other" });
    expect(findWritesAfterRevocation(revocation, [rejected(401, true)], [other])).toEqual([]);
  });

  it.each([
    ["acknowledged after the revocation", [acknowledged(11)], [], "a write was acknowledged at revision 11"],
    ["acknowledged at its revision", [acknowledged(10)], [], "a write was acknowledged at revision 10"],
    ["sent late and accepted", [acknowledged(9, true)], [], "a write sent after the revocation got status 200"],
    [
      "that only the audit log contains",
      [],
      [entry({ revision: 11 })],
      `a write of "${SPIFFE_ID}" was committed at revision 11`,
    ],
    ["with an unexpected status", [rejected(500)], [], "a write got status 500"],
  ])("reports a write %s", (_, writes, entries, problem) => {
    expect(findWritesAfterRevocation(revocation, writes, entries)).toEqual([problem]);
  });
});

describe("findUnmatchedWrites", () => {
  const name = (revision: number): string => `put version 1 of secret:a by ${SPIFFE_ID} at revision ${revision}`;

  it("accepts writes that each have one entry, even if acknowledged twice", () => {
    const writes = [write({ revision: 1 }), write({ revision: 2 }), write({ revision: 2 })];
    expect(findUnmatchedWrites(writes, [entry({ revision: 1 }), entry({ revision: 2 })])).toEqual([]);
  });

  it("ignores the version of a policy", () => {
    const policy = { revision: 1, resource: "policy:p" };
    expect(findUnmatchedWrites([write({ ...policy, version: 1 })], [entry({ ...policy, version: undefined })])).toEqual(
      [],
    );
  });

  it.each([
    [
      "a write without an entry",
      [write({ revision: 1 })],
      [],
      `${name(1)} was acknowledged but is missing from the audit log`,
    ],
    [
      "a write that was committed twice",
      [write({ revision: 1 })],
      [entry({ revision: 1 }), entry({ revision: 2 })],
      `the audit log contains ${name(2)} more often than it was acknowledged`,
    ],
    [
      "a duplicate entry",
      [write({ revision: 1 })],
      [entry({ revision: 1 }), entry({ revision: 1, writeId: "another" })],
      `the audit log contains ${name(1)} more often than it was acknowledged`,
    ],
    [
      "two entries with one write id",
      [write({ revision: 1 }), write({ revision: 2 })],
      [entry({ revision: 1, writeId: "w" }), entry({ revision: 2, writeId: "w" })],
      `${name(2)} has the write id of another entry`,
    ],
    [
      "two writes with one entry",
      [write({ revision: 1 }), write({ revision: 1, key: "another" })],
      [entry({ revision: 1 })],
      `${name(1)} was acknowledged but is missing from the audit log`,
    ],
    [
      "one key with two results",
      [write({ revision: 1 }), write({ revision: 2, key: "key 1" })],
      [entry({ revision: 1 })],
      `one Idempotency-Key was acknowledged as ${name(1)} and as ${name(2)}`,
    ],
  ])("reports %s", (_, writes, entries, problem) => {
    expect(findUnmatchedWrites(writes, entries)).toEqual([problem]);
  });

  it.each([{ spiffeId: "spiffe://spike.ist/other" }, { action: "delete" }, { resource: "secret:b" }, { version: 2 }])(
    "reports an entry that differs in %j",
    (part) => {
      expect(findUnmatchedWrites([write({ revision: 1 })], [entry({ revision: 1, ...part })])).toHaveLength(2);
    },
  );
});

type Revised<T> = Partial<T> & { readonly revision: number };

function write(part: Revised<AcknowledgedWrite>): AcknowledgedWrite {
  return { key: `key ${part.revision}`, spiffeId: SPIFFE_ID, action: "put", resource: "secret:a", version: 1, ...part };
}

function entry(part: Revised<AuditEntry>): AuditEntry {
  const writeId = `write ${part.revision}`;
  return { writeId, spiffeId: SPIFFE_ID, action: "put", resource: "secret:a", version: 1, ...part };
}
