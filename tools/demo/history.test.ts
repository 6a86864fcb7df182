import { describe, expect, it } from "vitest";
import { lostUpdates, unevenness, unmatchedWrites, type WatchedWrite, writesAfterRevocation } from "./history.ts";
import type { AcknowledgedWrite } from "./ledger.ts";
import type { AuditEntry } from "./read-audit.ts";

const CALLER = "spiffe://spike.ist/app";

describe("lostUpdates", () => {
  const writes = [
    { version: 1, value: "a" },
    { version: 2, value: "b" },
  ];
  const seen = (...pairs: readonly (readonly [number, string | undefined])[]) => new Map(pairs);

  it("finds nothing where each version has its value", () => {
    expect(lostUpdates(writes, seen([1, "a"], [2, "b"], [3, "c"]))).toEqual([]);
  });

  it.each([
    ["a value that another one has replaced", seen([1, "b"], [2, "b"]), 'version 1, acknowledged for "a", reads "b"'],
    ["a version that can't be read", seen([1, "a"], [2, undefined]), 'version 2, acknowledged for "b", is not there'],
    ["a version that was not read", seen([1, "a"]), 'version 2, acknowledged for "b", is not there'],
  ])("reports %s", (_, found, problem) => {
    expect(lostUpdates(writes, found)).toEqual([problem]);
  });

  it("reports one of two writes that were acknowledged under one number", () => {
    const both = [
      { version: 1, value: "a" },
      { version: 1, value: "b" },
    ];
    expect(lostUpdates(both, seen([1, "b"]))).toEqual(['version 1, acknowledged for "a", reads "b"']);
  });
});

describe("unevenness", () => {
  it("finds nothing in numbers from 1 on, in any order", () => {
    expect(unevenness([3, 1, 2], 3)).toEqual([]);
    expect(unevenness([], 0)).toEqual([]);
  });

  it.each([
    [[1, 3], 3, ["2 is missing"]],
    [[1, 2], 3, ["3 is missing"]],
    [[1, 2, 2], 2, ["2 is there 2 times"]],
    [[1, 2, 3], 2, ["3 is not from 1 to 2"]],
    [[0, 1, 1.5], 1, ["0 is not from 1 to 1", "1.5 is not from 1 to 1"]],
    [[1, 1], 2, ["2 is missing", "1 is there 2 times"]],
  ])("reports %j, which should be %i", (numbers, count, problems) => {
    expect(unevenness(numbers, count)).toEqual(problems);
  });
});

describe("writesAfterRevocation", () => {
  const revocation = { revision: 10, caller: CALLER };
  const done = (revision: number, late = false): WatchedWrite => ({ late, answer: { ok: true, revision } });
  const refused = (status: number, late = false): WatchedWrite => ({ late, answer: { ok: false, status } });

  it("finds nothing where all committed before, and all sent later is refused", () => {
    const writes = [done(8), done(9), refused(401), refused(401, true)];
    expect(writesAfterRevocation(revocation, writes, [entry({ revision: 8 }), entry({ revision: 9 })])).toEqual([]);
  });

  it("leaves other callers alone", () => {
    const theirs = entry({ revision: 11, caller: "spiffe://spike.ist/other" });
    expect(writesAfterRevocation(revocation, [refused(401, true)], [theirs])).toEqual([]);
  });

  it.each([
    ["acknowledged later", [done(11)], [], "a write was acknowledged at revision 11"],
    ["acknowledged at the revision itself", [done(10)], [], "a write was acknowledged at revision 10"],
    ["sent later and not refused", [done(9, true)], [], "a write sent after the revocation was answered with 200"],
    ["in the audit alone", [], [entry({ revision: 11 })], `a write of "${CALLER}" was committed at revision 11`],
    ["answered with something else", [refused(500)], [], "a write was answered with 500"],
  ])("reports a write %s", (_, writes, entries, problem) => {
    expect(writesAfterRevocation(revocation, writes, entries)).toEqual([problem]);
  });
});

describe("unmatchedWrites", () => {
  const name = (revision: number): string => `put of version 1 secret:a by ${CALLER} at revision ${revision}`;

  it("finds nothing where each write has its entry, even if its answer came twice", () => {
    const writes = [write({ revision: 1 }), write({ revision: 2 }), write({ revision: 2 })];
    expect(unmatchedWrites(writes, [entry({ revision: 1 }), entry({ revision: 2 })])).toEqual([]);
  });

  it("compares no version of a policy", () => {
    const policy = { revision: 1, resource: "policy:p" };
    expect(unmatchedWrites([write({ ...policy, version: 1 })], [entry({ ...policy, version: undefined })])).toEqual([]);
  });

  it.each([
    ["a write that is not there", [write({ revision: 1 })], [], `${name(1)} was acknowledged and is not in the audit`],
    [
      "a write that happened twice",
      [write({ revision: 1 })],
      [entry({ revision: 1 }), entry({ revision: 2 })],
      `the audit has ${name(2)} once more than it was acknowledged`,
    ],
    [
      "an entry that is there twice",
      [write({ revision: 1 })],
      [entry({ revision: 1 }), entry({ revision: 1, writeId: "another" })],
      `the audit has ${name(1)} once more than it was acknowledged`,
    ],
    [
      "two writes under one write id",
      [write({ revision: 1 }), write({ revision: 2 })],
      [entry({ revision: 1, writeId: "w" }), entry({ revision: 2, writeId: "w" })],
      `${name(2)} has the write id of another entry`,
    ],
    [
      "two writes with one entry",
      [write({ revision: 1 }), write({ revision: 1, key: "another" })],
      [entry({ revision: 1 })],
      `${name(1)} was acknowledged and is not in the audit`,
    ],
    [
      "one key with two answers",
      [write({ revision: 1 }), write({ revision: 2, key: "key 1" })],
      [entry({ revision: 1 })],
      `one Idempotency-Key was answered as ${name(1)} and as ${name(2)}`,
    ],
  ])("reports %s", (_, writes, entries, problem) => {
    expect(unmatchedWrites(writes, entries)).toEqual([problem]);
  });

  it.each([{ caller: "spiffe://spike.ist/other" }, { action: "delete" }, { resource: "secret:b" }, { version: 2 }])(
    "reports an entry that says something else: %j",
    (part) => {
      expect(unmatchedWrites([write({ revision: 1 })], [entry({ revision: 1, ...part })])).toHaveLength(2);
    },
  );
});

type Revised<T> = Partial<T> & { readonly revision: number };

function write(part: Revised<AcknowledgedWrite>): AcknowledgedWrite {
  return { key: `key ${part.revision}`, caller: CALLER, action: "put", resource: "secret:a", version: 1, ...part };
}

function entry(part: Revised<AuditEntry>): AuditEntry {
  const writeId = `write ${part.revision}`;
  return { writeId, caller: CALLER, action: "put", resource: "secret:a", version: 1, ...part };
}
