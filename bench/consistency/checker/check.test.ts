import { describe, expect, it } from "vitest";
import { ANOMALIES, type AnomalyKind } from "./anomaly.ts";
import { check } from "./check.ts";
import { Story, traceOf } from "./story.fixture.ts";

/** A story that can go wrong at one point, and the name for that. */
interface Planted {
  readonly kind: AnomalyKind;
  readonly title: string;
  readonly kept?: number;
  readonly tell: (story: Story, wrong: boolean) => void;
}

const own = "team/red/a";
const red = { caller: "red", client: 2 };

const PLANTED: readonly Planted[] = [
  {
    kind: "duplicate_version",
    title: "two puts are both version 1 in the log",
    tell: (story, wrong) => {
      story.put("a", 1, { value: "one" });
      story.put("a", wrong ? 1 : 2, { value: "two" });
    },
  },
  {
    kind: "duplicate_version",
    title: "two puts are told the same version, and the log knows better",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, wrong ? { version: 1 } : {});
    },
  },
  {
    kind: "duplicate_version",
    title: "two puts are told the same version and revision",
    tell: (story, wrong) => {
      story.put("a", 1);
      if (wrong) story.put("a", 1, { value: "other", revision: 1, entry: false, client: 2 });
      else story.put("a", 2, { client: 2 });
    },
  },
  {
    kind: "vanished",
    title: "404 by number for an acknowledged version",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.get("a", 1, wrong ? 404 : "a@1");
    },
  },
  {
    kind: "vanished",
    title: "404 for the current version",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.get("a", 0, wrong ? 404 : "a@1");
    },
  },
  {
    kind: "vanished",
    title: "404 for metadata",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.metadata("a", wrong ? 404 : { current: 1, oldest: 1, versions: [[1, 1]] });
    },
  },
  {
    kind: "vanished",
    title: "metadata without an acknowledged version",
    tell: (story, wrong) => {
      for (const number of [1, 2, 3]) story.put("a", number);
      const versions = wrong
        ? [
            [1, 1],
            [3, 3],
          ]
        : [
            [1, 1],
            [2, 2],
            [3, 3],
          ];
      story.metadata("a", { current: 3, oldest: 1, versions });
    },
  },
  {
    kind: "refused_visible",
    title: "a refused put is in the log",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, { cas: 1, ...(wrong && { status: 409, entry: {} }) });
      story.get("a", 0, "a@2");
    },
  },
  {
    kind: "refused_visible",
    title: "the value of a refused put is read",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, { cas: 0, status: 409 });
      story.get("a", 0, wrong ? "a@2" : "a@1");
    },
  },
  {
    kind: "applied_twice",
    title: "a repeated put makes two versions",
    tell: (story, wrong) => {
      const again = [{ call: 30, end: 40, status: 200 }];
      const id = story.put("a", 1, { key: "k", status: 0, entry: {}, at: [10, 20], again });
      if (wrong) story.entry({ trace: traceOf(id, 1), version: 2 });
    },
  },
  {
    kind: "late_write",
    title: "404 for a version of unknown outcome behind a newer one",
    tell: (story, wrong) => {
      story.put("a", 1, { status: 503, entry: {} });
      story.put("a", 2);
      story.get("a", 1, wrong ? 404 : "a@1");
      story.get("a", 1, "a@1");
    },
  },
  {
    kind: "late_write",
    title: "metadata without a version of unknown outcome, but with a newer one",
    tell: (story, wrong) => {
      story.put("a", 1, { status: 0, entry: {} });
      story.put("a", 2);
      story.metadata("a", {
        current: 2,
        oldest: wrong ? 2 : 1,
        versions: wrong
          ? [[2, 2]]
          : [
              [1, 1],
              [2, 2],
            ],
      });
    },
  },
  {
    kind: "stale_read",
    title: "the value before the one another client was told of",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.get("a", 0, wrong ? "a@1" : "a@2", { client: 2 });
    },
  },
  {
    kind: "stale_read",
    title: "metadata of before a deletion that another client was told of",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.delete("a", [], 0);
      const now = { current: 0, oldest: 0, versions: [[1, 1, 2]] };
      story.metadata("a", wrong ? { current: 1, oldest: 1, versions: [[1, 1]] } : now, { client: 2 });
    },
  },
  {
    kind: "stale_read",
    title: "404 for what was restored",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.delete("a", [], 0);
      story.undelete("a", [], 1);
      story.get("a", 1, wrong ? 404 : "a@1", { client: 2 });
    },
  },
  {
    kind: "went_backwards",
    title: "one client reads the new value and then the old one",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, { at: [100, 200] });
      story.get("a", 0, "a@2", { client: 2, at: [110, 120] });
      story.get("a", 0, wrong ? "a@1" : "a@2", { client: 2, at: [130, 140] });
    },
  },
  {
    kind: "went_backwards",
    title: "one client sees a path in a list and then an older state of it",
    tell: (story, wrong) => {
      story.put("a/1", 1);
      story.put("a/2", 1, { at: [100, 200] });
      story.put("a/1", 2, { at: [100, 200], status: 0, entry: {} });
      story.get("a/1", 0, "a/1@2", { client: 2, at: [110, 120] });
      story.metadata(
        "a/1",
        {
          current: wrong ? 1 : 2,
          oldest: 1,
          versions: wrong
            ? [[1, 1]]
            : [
                [1, 1],
                [2, 3],
              ],
        },
        {
          client: 2,
          at: [130, 140],
        },
      );
    },
  },
  {
    kind: "below_own_write",
    title: "a client does not see its own put",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, { client: 2 });
      story.get("a", 0, wrong ? "a@1" : "a@2", { client: 2 });
    },
  },
  {
    kind: "mixed_versions",
    title: "the value of another number",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.get("a", 1, wrong ? "a@2" : "a@1");
    },
  },
  {
    kind: "mixed_versions",
    title: "metadata with the time of another version",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.metadata("a", {
        current: 2,
        oldest: 1,
        versions: [
          [1, 1],
          [2, wrong ? 1 : 2],
        ],
      });
    },
  },
  {
    kind: "mixed_versions",
    title: "metadata with the current number of another moment",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.metadata("a", {
        current: wrong ? 1 : 2,
        oldest: 1,
        versions: [
          [1, 1],
          [2, 2],
        ],
      });
    },
  },
  {
    kind: "number_reused",
    title: "after a deletion the number is given again",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.delete("a", [2], 1);
      story.put("a", wrong ? 2 : 3, { value: "new" });
    },
  },
  {
    kind: "number_reused",
    title: "after pruning the number is given again",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2, 3]) story.put("a", number);
      story.put("a", wrong ? 1 : 4, { value: "new" });
    },
  },
  {
    kind: "deleted_read",
    title: "a deleted version by its number",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.delete("a", [1], 0);
      story.get("a", 1, wrong ? "a@1" : 404);
    },
  },
  {
    kind: "deleted_read",
    title: "a deleted version as the current one",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.delete("a", [], 1);
      story.get("a", 0, wrong ? "a@2" : "a@1");
    },
  },
  {
    kind: "pruned_read",
    title: "a pruned version by its number",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2, 3]) story.put("a", number);
      story.get("a", 1, wrong ? "a@1" : 404);
    },
  },
  {
    kind: "pruned_read",
    title: "a pruned version in metadata",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2, 3]) story.put("a", number);
      const versions = [
        [2, 2],
        [3, 3],
      ];
      story.metadata("a", { current: 3, oldest: wrong ? 1 : 2, versions: wrong ? [[1, 1], ...versions] : versions });
    },
  },
  {
    kind: "current_pruned",
    title: "metadata names a current version that it does not have",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2]) story.put("a", number);
      story.delete("a", [2], 1);
      story.metadata("a", {
        current: 1,
        oldest: 1,
        versions: wrong
          ? [[2, 2, 3]]
          : [
              [1, 1],
              [2, 2, 3],
            ],
      });
    },
  },
  {
    kind: "current_pruned",
    title: "404 for the current version, which is the lowest kept",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2]) story.put("a", number);
      story.delete("a", [2], 1);
      story.get("a", 0, wrong ? 404 : "a@1");
    },
  },
  {
    kind: "current_pruned",
    title: "metadata lacks the current version, which is the lowest kept",
    kept: 2,
    tell: (story, wrong) => {
      for (const number of [1, 2]) story.put("a", number);
      story.delete("a", [2], 1);
      const right = {
        current: 1,
        oldest: 1,
        versions: [
          [1, 1],
          [2, 2, 3],
        ],
      };
      story.metadata("a", wrong ? { current: 0, oldest: 0, versions: [[2, 2, 3]] } : right);
    },
  },
  {
    kind: "false_conflict",
    title: "409 although the expectation held",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, wrong ? { cas: 1, status: 409 } : { cas: 1 });
    },
  },
  {
    kind: "lost_update",
    title: "a put on version 1 is carried out on version 2",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.put("a", 3, { cas: wrong ? 1 : 2 });
    },
  },
  {
    kind: "revision_gap",
    title: "a revision is missing",
    tell: (story, wrong) => {
      story.put("a", 1);
      if (wrong) story.skip();
      story.put("a", 2);
    },
  },
  {
    kind: "revision_order",
    title: "a later put has a lower revision",
    tell: (story, wrong) => {
      story.put("a", 1, { at: [100, 110] });
      story.put("b", 1, { at: wrong ? [10, 20] : [120, 130] });
    },
  },
  {
    kind: "revision_order",
    title: "the log gives a lower revision after a higher one",
    tell: (story, wrong) => {
      story.put("a", 1, wrong ? { revision: 2, entry: { revision: 2 } } : {});
      story.put("b", 1, wrong ? { revision: 1, entry: { revision: 1 }, at: [0, 30] } : {});
    },
  },
  {
    kind: "revision_order",
    title: "one revision is given to two writes",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("b", 1, { status: 0, entry: wrong ? { revision: 1 } : {} });
    },
  },
  {
    kind: "list_missing",
    title: "a path is not in the list",
    tell: (story, wrong) => {
      story.put("a/1", 1);
      story.put("a/2", 1);
      story.delete("a/1", [], 0);
      story.list("a/", wrong ? ["a/2"] : ["a/1", "a/2"]);
    },
  },
  {
    kind: "list_missing",
    title: "a path is in the list without one that was there before it",
    tell: (story, wrong) => {
      story.put("a/1", 1, { at: [10, 100] });
      story.put("a/2", 1, { at: [10, 100] });
      story.list("a/", wrong ? ["a/2"] : ["a/1"], { at: [20, 90] });
    },
  },
  {
    kind: "list_foreign",
    title: "a path that does not exist is in the list",
    tell: (story, wrong) => {
      story.put("a/1", 1);
      story.list("a/", wrong ? ["a/1", "a/2"] : ["a/1"]);
    },
  },
  {
    kind: "list_foreign",
    title: "a team is shown a path of another team",
    tell: (story, wrong) => {
      story.put("team/blue/1", 1);
      story.put(own, 1);
      story.grant("red", ["list"]);
      story.list("team/blue/", wrong ? ["team/blue/1"] : [], red);
      story.list("team/", [own], red);
    },
  },
  {
    kind: "list_foreign",
    title: "a path that has been removed is in the list",
    tell: (story, wrong) => {
      story.put("a/1", 1);
      story.put("a/2", 1);
      story.remove("a/1");
      story.put("a/3", 1);
      story.list("a/", wrong ? ["a/1", "a/2", "a/3"] : ["a/2", "a/3"]);
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team reads after its policy has gone",
    tell: (story, wrong) => {
      story.put(own, 1);
      story.grant("red", ["read"]);
      story.get(own, 0, `${own}@1`, red);
      story.revoke("red");
      story.get(own, 0, wrong ? `${own}@1` : 401, red);
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team writes after its policy has gone",
    tell: (story, wrong) => {
      story.grant("red", ["write"]);
      story.put(own, 1, red);
      story.grant("red", ["read"]);
      story.put(own, 2, wrong ? red : { ...red, status: 401 });
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team reads a value that is younger than its policy",
    tell: (story, wrong) => {
      story.put(own, 1);
      story.grant("red", ["read"]);
      story.revoke("red", { at: [100, 200] });
      story.put(own, 2, { at: [100, 200] });
      story.get(own, 0, `${own}@${wrong ? 2 : 1}`, { ...red, at: [110, 120] });
    },
  },
  {
    kind: "granted_refused",
    title: "a team is denied what it was granted",
    tell: (story, wrong) => {
      story.put(own, 1);
      story.grant("red", ["read"]);
      story.get(own, 0, wrong ? 401 : `${own}@1`, red);
    },
  },
  {
    kind: "granted_refused",
    title: "the superuser is denied",
    tell: (story, wrong) => {
      story.list("", wrong ? 401 : []);
    },
  },
  {
    kind: "audit_missing",
    title: "an acknowledged put is not in the log",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, wrong ? { entry: false } : {});
      story.put("a", 3);
      story.get("a", 2, "a@2");
      story.metadata("a", {
        current: 3,
        oldest: 1,
        versions: [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
      });
    },
  },
  {
    kind: "audit_missing",
    title: "the value of a put of unknown outcome is read, and not in the log",
    tell: (story, wrong) => {
      story.put("a", 1, { status: 0, ...(!wrong && { entry: {} }) });
      story.get("a", 0, "a@1");
    },
  },
  {
    kind: "audit_double",
    title: "a write is in the log twice",
    tell: (story, wrong) => {
      const id = story.put("a", 1);
      if (wrong) story.entry({ trace: traceOf(id), writeId: "write-1", version: 1 });
      story.put("b", 1);
    },
  },
  {
    kind: "audit_foreign",
    title: "an entry of nobody",
    tell: (story, wrong) => {
      story.put("a", 1);
      if (wrong) story.entry({ resource: "secret:b", version: 1 });
    },
  },
  {
    kind: "audit_foreign",
    title: "an entry by another caller",
    tell: (story, wrong) => {
      story.grant("red", ["write"]);
      story.put(own, 1, { ...red, entry: { caller: wrong ? "/superuser" : "/team/red" }, status: 0 });
    },
  },
  {
    kind: "foreign_value",
    title: "a value that nobody has written",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.get("a", 0, wrong ? "?" : "a@1");
    },
  },
  {
    kind: "foreign_value",
    title: "the value of another path",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("b", 1);
      story.get("a", 0, wrong ? "b@1" : "a@1");
    },
  },
  {
    kind: "future_read",
    title: "a value that is written later",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.get("a", 0, wrong ? "a@2" : "a@1");
      story.put("a", 2);
    },
  },
  {
    kind: "future_read",
    title: "metadata of after a later deletion",
    tell: (story, wrong) => {
      story.put("a", 1);
      const later = { current: 0, oldest: 0, versions: [[1, 1, 2]] };
      story.metadata("a", wrong ? later : { current: 1, oldest: 1, versions: [[1, 1]] });
      story.delete("a", [], 0);
    },
  },
  {
    kind: "wrong_outcome",
    title: "a put is told another version",
    tell: (story, wrong) => {
      story.put("a", 1, wrong ? { version: 2 } : {});
    },
  },
  {
    kind: "wrong_outcome",
    title: "a deletion is told another current version",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2);
      story.delete("a", [2], wrong ? 2 : 1);
    },
  },
  {
    kind: "wrong_outcome",
    title: "a repeated put is told something else",
    tell: (story, wrong) => {
      const answer = { kind: "written", version: wrong ? 2 : 1, revision: 1 } as const;
      story.put("a", 1, { key: "k", at: [10, 20], again: [{ call: 30, end: 40, status: 200, answer }] });
    },
  },
  {
    kind: "key_reused",
    title: "a key is accepted for another value",
    tell: (story, wrong) => {
      const first = story.put("a", 1, { key: "k" });
      story.put("a", 2, { key: "k", reuses: first, ...(!wrong && { status: 422 }) });
    },
  },
  {
    kind: "key_reused",
    title: "another request with the key is told that it was carried out, which it was not",
    tell: (story, wrong) => {
      const first = story.put("a", 1, { key: "k" });
      const options = wrong ? ({ entry: false, revision: 1 } as const) : { status: 422 };
      story.put("a", 1, { value: "other", key: "k", reuses: first, ...options });
    },
  },
  {
    kind: "wrong_time",
    title: "a change is before the one before it",
    tell: (story, wrong) => {
      story.put("a", 1);
      story.put("a", 2, wrong ? { entry: { at: Story.time(0) } } : {});
    },
  },
  {
    kind: "internal_error",
    title: "status 500",
    tell: (story, wrong) => {
      story.put("a", 1, { status: wrong ? 500 : 503 });
    },
  },
  {
    kind: "unexpected_answer",
    title: "status 400",
    tell: (story, wrong) => {
      story.put("a", 1, { status: wrong ? 429 : 503 });
    },
  },
  {
    kind: "unexpected_answer",
    title: "422 without a key that was used before",
    tell: (story, wrong) => {
      story.put("a", 1, { status: wrong ? 422 : 503, key: "k" });
    },
  },
  {
    kind: "unexpected_answer",
    title: "a list out of order",
    tell: (story, wrong) => {
      story.put("\u{1f511}", 1);
      story.put("\uff5e", 1);
      story.list("", wrong ? ["\u{1f511}", "\uff5e"] : ["\uff5e", "\u{1f511}"]);
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the deletion of a path that exists",
    tell: (story, wrong) => {
      story.put("a", 1);
      if (wrong) story.delete("a", [1], 0, { status: 404 });
      else story.delete("a", [1], 0);
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the restoration of what is deleted",
    tell: (story, wrong) => {
      story.put("a", 1);
      if (wrong) story.delete("a", [1], 0);
      story.undelete("a", [], 1, { status: 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the removal of a policy that exists",
    tell: (story, wrong) => {
      if (wrong) story.grant("red", []);
      story.revoke("red", { status: 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "409 for the deletion of a path that does not exist",
    tell: (story, wrong) => {
      story.delete("a", [], 0, { cas: 1, status: wrong ? 409 : 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "a repeated put is refused after it was carried out",
    tell: (story, wrong) => {
      const again = [{ call: 30, end: 40, status: wrong ? 409 : 200 }];
      story.put("a", 1, { cas: 0, key: "k", at: [10, 20], again });
    },
  },
];

function countsOf({ kept, tell }: Planted, wrong: boolean) {
  const story = new Story(kept);
  tell(story, wrong);
  return check(story.history);
}

describe("a planted anomaly", () => {
  it("is there for every kind", () => {
    expect(new Set(PLANTED.map(({ kind }) => kind))).toEqual(new Set(Object.keys(ANOMALIES)));
  });

  for (const planted of PLANTED) {
    it(`${planted.kind}: ${planted.title}`, () => {
      const { anomalies, counts } = countsOf(planted, true);
      expect(anomalies.map(({ kind, detail }) => ({ kind, detail }))).toEqual([
        { kind: planted.kind, detail: expect.stringMatching(/^[A-Z].*\.$/s) },
      ]);
      expect(counts).toEqual({ [planted.kind]: 1 });
      expect(countsOf(planted, false).anomalies).toEqual([]);
    });
  }
});

describe("what a version number can tell", () => {
  it("names the number that was skipped and the put that came late to it", () => {
    const story = new Story();
    story.put("a", 1);
    story.put("a", 3);
    story.put("a", 2, { status: 503, entry: {} });
    expect(check(story.history).counts).toEqual({ wrong_outcome: 1, late_write: 1 });
  });
});

describe("a report", () => {
  it("says after how many operations an anomaly showed, and who was involved", () => {
    const story = new Story();
    story.put("a", 1);
    const write = story.put("a", 2, { client: 3 });
    const read = story.get("a", 0, "a@1", { client: 2 });
    story.get("a", 0, "a@2");
    const [anomaly] = check(story.history).anomalies;
    expect(anomaly).toMatchObject({ kind: "stale_read", operations: [write, read], path: "a", after: 3 });
  });

  it("keeps a part of very many anomalies, and some of each kind, and counts all", () => {
    const story = new Story();
    for (let count = 0; count < 1500; count += 1) story.put("a", 1, { status: 500 });
    story.get("a", 0, 401);
    const { anomalies, counts } = check(story.history);
    expect(counts).toEqual({ internal_error: 1500, granted_refused: 1 });
    expect(anomalies).toHaveLength(1001);
    expect(anomalies.at(-1)).toMatchObject({ kind: "granted_refused", after: 1501 });
  });

  it("is empty for an empty history", () => {
    expect(check(new Story().history)).toEqual({ anomalies: [], counts: {} });
  });
});
