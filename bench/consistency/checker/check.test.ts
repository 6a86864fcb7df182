import { describe, expect, it } from "vitest";
import { ANOMALIES } from "./anomaly.ts";
import { BOOKMARK_HISTORIES, type FaultyHistory } from "./bookmark-histories.fixture.ts";
import { check } from "./check.ts";
import { HistoryBuilder, traceOf } from "./history-builder.fixture.ts";

const own = "team/red/a";
const red = { caller: "red", client: 2 };

const FAULTY_HISTORIES: readonly FaultyHistory[] = [
  {
    kind: "duplicate_version",
    title: "the audit log has version 1 for two puts",
    build: (history, faulty) => {
      history.put("a", 1, { value: "one" });
      history.put("a", faulty ? 1 : 2, { value: "two" });
    },
  },
  {
    kind: "duplicate_version",
    title: "two puts return the same version, and the audit log has two",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, faulty ? { version: 1 } : {});
    },
  },
  {
    kind: "duplicate_version",
    title: "two puts return the same version and revision",
    build: (history, faulty) => {
      history.put("a", 1);
      if (faulty) history.put("a", 1, { value: "other", revision: 1, entry: false, client: 2 });
      else history.put("a", 2, { client: 2 });
    },
  },
  {
    kind: "lost_write",
    title: "404 for an acknowledged version by number",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 1, faulty ? 404 : "a@1");
    },
  },
  {
    kind: "lost_write",
    title: "404 for the current version",
    build: (history, faulty) => {
      history.put("a", 1);
      history.get("a", 0, faulty ? 404 : "a@1");
    },
  },
  {
    kind: "lost_write",
    title: "404 for the metadata of an existing path",
    build: (history, faulty) => {
      history.put("a", 1);
      history.metadata("a", faulty ? 404 : { current: 1, oldest: 1, versions: [[1, 1]] });
    },
  },
  {
    kind: "lost_write",
    title: "metadata lacks an acknowledged version",
    build: (history, faulty) => {
      for (const number of [1, 2, 3]) history.put("a", number);
      const versions = faulty
        ? [
            [1, 1],
            [3, 3],
          ]
        : [
            [1, 1],
            [2, 2],
            [3, 3],
          ];
      history.metadata("a", { current: 3, oldest: 1, versions });
    },
  },
  {
    kind: "refused_write_applied",
    title: "a refused put is in the audit log",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { cas: 1, ...(faulty && { status: 409, entry: {} }) });
      history.get("a", 0, "a@2");
    },
  },
  {
    kind: "refused_write_applied",
    title: "the value of a refused put is read",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { cas: 0, status: 409 });
      history.get("a", 0, faulty ? "a@2" : "a@1");
    },
  },
  {
    kind: "applied_twice",
    title: "a retried put creates two versions",
    build: (history, faulty) => {
      const retries = [{ invokedAt: 30, completedAt: 40, status: 200 }];
      const id = history.put("a", 1, { key: "k", status: 0, entry: {}, at: [10, 20], retries });
      if (faulty) history.entry({ trace: traceOf(id, 1), version: 2 });
    },
  },
  {
    kind: "late_write",
    title: "404 for a version of unknown outcome behind a newer one",
    build: (history, faulty) => {
      history.put("a", 1, { status: 503, entry: {} });
      history.put("a", 2);
      history.get("a", 1, faulty ? 404 : "a@1");
      history.get("a", 1, "a@1");
    },
  },
  {
    kind: "late_write",
    title: "metadata lacks a version of unknown outcome, but has a newer one",
    build: (history, faulty) => {
      history.put("a", 1, { status: 0, entry: {} });
      history.put("a", 2);
      history.metadata("a", {
        current: 2,
        oldest: faulty ? 2 : 1,
        versions: faulty
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
    title: "a get returns the value before the one that another client wrote",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 0, faulty ? "a@1" : "a@2", { client: 2 });
    },
  },
  {
    kind: "stale_read",
    title: "metadata does not show a deletion by another client",
    build: (history, faulty) => {
      history.put("a", 1);
      history.delete("a", [], 0);
      const now = { current: 0, oldest: 0, versions: [[1, 1, 2]] };
      history.metadata("a", faulty ? { current: 1, oldest: 1, versions: [[1, 1]] } : now, { client: 2 });
    },
  },
  {
    kind: "stale_read",
    title: "404 for a version that another client restored",
    build: (history, faulty) => {
      history.put("a", 1);
      history.delete("a", [], 0);
      history.undelete("a", [], 1);
      history.get("a", 1, faulty ? 404 : "a@1", { client: 2 });
    },
  },
  {
    kind: "non_monotonic_read",
    title: "a client reads the new value and then the old one",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { at: [100, 200] });
      history.get("a", 0, "a@2", { client: 2, at: [110, 120] });
      history.get("a", 0, faulty ? "a@1" : "a@2", { client: 2, at: [130, 140] });
    },
  },
  {
    kind: "non_monotonic_read",
    title: "a client reads a new version and then older metadata",
    build: (history, faulty) => {
      history.put("a/1", 1);
      history.put("a/2", 1, { at: [100, 200] });
      history.put("a/1", 2, { at: [100, 200], status: 0, entry: {} });
      history.get("a/1", 0, "a/1@2", { client: 2, at: [110, 120] });
      history.metadata(
        "a/1",
        {
          current: faulty ? 1 : 2,
          oldest: 1,
          versions: faulty
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
    kind: "missed_own_write",
    title: "a client does not read its own put",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, { client: 2 });
      history.get("a", 0, faulty ? "a@1" : "a@2", { client: 2 });
    },
  },
  {
    kind: "mixed_versions",
    title: "a get by number returns the value of another version",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.get("a", 1, faulty ? "a@2" : "a@1");
    },
  },
  {
    kind: "mixed_versions",
    title: "metadata has the time of another version",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.metadata("a", {
        current: 2,
        oldest: 1,
        versions: [
          [1, 1],
          [2, faulty ? 1 : 2],
        ],
      });
    },
  },
  {
    kind: "mixed_versions",
    title: "metadata has the current version of another revision",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.metadata("a", {
        current: faulty ? 1 : 2,
        oldest: 1,
        versions: [
          [1, 1],
          [2, 2],
        ],
      });
    },
  },
  {
    kind: "version_reused",
    title: "a deleted version's number is assigned again",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.delete("a", [2], 1);
      history.put("a", faulty ? 2 : 3, { value: "new" });
    },
  },
  {
    kind: "version_reused",
    title: "a pruned version's number is assigned again",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2, 3]) history.put("a", number);
      history.put("a", faulty ? 1 : 4, { value: "new" });
    },
  },
  {
    kind: "deleted_read",
    title: "a get by number returns a deleted version",
    build: (history, faulty) => {
      history.put("a", 1);
      history.delete("a", [1], 0);
      history.get("a", 1, faulty ? "a@1" : 404);
    },
  },
  {
    kind: "deleted_read",
    title: "a get of the current version returns a deleted one",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.delete("a", [], 1);
      history.get("a", 0, faulty ? "a@2" : "a@1");
    },
  },
  {
    kind: "pruned_read",
    title: "a get by number returns a pruned version",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2, 3]) history.put("a", number);
      history.get("a", 1, faulty ? "a@1" : 404);
    },
  },
  {
    kind: "pruned_read",
    title: "metadata has a pruned version",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2, 3]) history.put("a", number);
      const versions = [
        [2, 2],
        [3, 3],
      ];
      history.metadata("a", {
        current: 3,
        oldest: faulty ? 1 : 2,
        versions: faulty ? [[1, 1], ...versions] : versions,
      });
    },
  },
  {
    kind: "current_pruned",
    title: "metadata lacks the version that it names as current",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2]) history.put("a", number);
      history.delete("a", [2], 1);
      history.metadata("a", {
        current: 1,
        oldest: 1,
        versions: faulty
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
    title: "404 for the current version, which is the lowest one",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2]) history.put("a", number);
      history.delete("a", [2], 1);
      history.get("a", 0, faulty ? 404 : "a@1");
    },
  },
  {
    kind: "current_pruned",
    title: "metadata lacks the current version, which is the lowest one",
    maxVersions: 2,
    build: (history, faulty) => {
      for (const number of [1, 2]) history.put("a", number);
      history.delete("a", [2], 1);
      const right = {
        current: 1,
        oldest: 1,
        versions: [
          [1, 1],
          [2, 2, 3],
        ],
      };
      history.metadata("a", faulty ? { current: 0, oldest: 0, versions: [[2, 2, 3]] } : right);
    },
  },
  {
    kind: "false_conflict",
    title: "409 although the condition held",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, faulty ? { cas: 1, status: 409 } : { cas: 1 });
    },
  },
  {
    kind: "lost_update",
    title: "a put with cas 1 is committed after version 2",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.put("a", 3, { cas: faulty ? 1 : 2 });
    },
  },
  {
    kind: "revision_gap",
    title: "a revision is missing",
    build: (history, faulty) => {
      history.put("a", 1);
      if (faulty) history.skipRevision();
      history.put("a", 2);
    },
  },
  {
    kind: "revision_order",
    title: "a later put has a lower revision",
    build: (history, faulty) => {
      history.put("a", 1, { at: [100, 110] });
      history.put("b", 1, { at: faulty ? [10, 20] : [120, 130] });
    },
  },
  {
    kind: "revision_order",
    title: "the audit log has a lower revision after a higher one",
    build: (history, faulty) => {
      history.put("a", 1, faulty ? { revision: 2, entry: { revision: 2 } } : {});
      history.put("b", 1, faulty ? { revision: 1, entry: { revision: 1 }, at: [0, 30] } : {});
    },
  },
  {
    kind: "revision_order",
    title: "one revision is assigned to two writes",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("b", 1, { status: 0, entry: faulty ? { revision: 1 } : {} });
    },
  },
  {
    kind: "list_missing",
    title: "a list omits an existing path",
    build: (history, faulty) => {
      history.put("a/1", 1);
      history.put("a/2", 1);
      history.delete("a/1", [], 0);
      history.list("a/", faulty ? ["a/2"] : ["a/1", "a/2"]);
    },
  },
  {
    kind: "list_missing",
    title: "a list has a path and omits one that was created earlier",
    build: (history, faulty) => {
      history.put("a/1", 1, { at: [10, 100] });
      history.put("a/2", 1, { at: [10, 100] });
      history.list("a/", faulty ? ["a/2"] : ["a/1"], { at: [20, 90] });
    },
  },
  {
    kind: "list_unexpected",
    title: "a list has a path that never existed",
    build: (history, faulty) => {
      history.put("a/1", 1);
      history.list("a/", faulty ? ["a/1", "a/2"] : ["a/1"]);
    },
  },
  {
    kind: "list_unexpected",
    title: "a list shows a team the path of another team",
    build: (history, faulty) => {
      history.put("team/blue/1", 1);
      history.put(own, 1);
      history.grant("red", ["list"]);
      history.list("team/blue/", faulty ? ["team/blue/1"] : [], red);
      history.list("team/", [own], red);
    },
  },
  {
    kind: "list_unexpected",
    title: "a list has a removed path",
    build: (history, faulty) => {
      history.put("a/1", 1);
      history.put("a/2", 1);
      history.remove("a/1");
      history.put("a/3", 1);
      history.list("a/", faulty ? ["a/1", "a/2", "a/3"] : ["a/2", "a/3"]);
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team reads after its policy was removed",
    build: (history, faulty) => {
      history.put(own, 1);
      history.grant("red", ["read"]);
      history.get(own, 0, `${own}@1`, red);
      history.revoke("red");
      history.get(own, 0, faulty ? `${own}@1` : 401, red);
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team writes after its policy lost the permission",
    build: (history, faulty) => {
      history.grant("red", ["write"]);
      history.put(own, 1, red);
      history.grant("red", ["read"]);
      history.put(own, 2, faulty ? red : { ...red, status: 401 });
    },
  },
  {
    kind: "revoked_allowed",
    title: "a team reads a value that was written after its policy was removed",
    build: (history, faulty) => {
      history.put(own, 1);
      history.grant("red", ["read"]);
      history.revoke("red", { at: [100, 200] });
      history.put(own, 2, { at: [100, 200] });
      history.get(own, 0, `${own}@${faulty ? 2 : 1}`, { ...red, at: [110, 120] });
    },
  },
  {
    kind: "granted_denied",
    title: "a team is denied a permission that it has",
    build: (history, faulty) => {
      history.put(own, 1);
      history.grant("red", ["read"]);
      history.get(own, 0, faulty ? 401 : `${own}@1`, red);
    },
  },
  {
    kind: "granted_denied",
    title: "the superuser is denied",
    build: (history, faulty) => {
      history.list("", faulty ? 401 : []);
    },
  },
  {
    kind: "audit_missing",
    title: "an acknowledged put is not in the audit log",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, faulty ? { entry: false } : {});
      history.put("a", 3);
      history.get("a", 2, "a@2");
      history.metadata("a", {
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
    title: "a value is read whose put has an unknown outcome and is not in the audit log",
    build: (history, faulty) => {
      history.put("a", 1, { status: 0, ...(!faulty && { entry: {} }) });
      history.get("a", 0, "a@1");
    },
  },
  {
    kind: "audit_duplicate",
    title: "a write is in the audit log twice",
    build: (history, faulty) => {
      const id = history.put("a", 1);
      if (faulty) history.entry({ trace: traceOf(id), writeId: "write-1", version: 1 });
      history.put("b", 1);
    },
  },
  {
    kind: "audit_unmatched",
    title: "an audit entry has the trace ID of no request",
    build: (history, faulty) => {
      history.put("a", 1);
      if (faulty) history.entry({ resource: "secret:b", version: 1 });
    },
  },
  {
    kind: "audit_unmatched",
    title: "an audit entry has another caller",
    build: (history, faulty) => {
      history.grant("red", ["write"]);
      history.put(own, 1, { ...red, entry: { caller: faulty ? "/superuser" : "/team/red" }, status: 0 });
    },
  },
  {
    kind: "unwritten_value",
    title: "a get returns a value that was never written",
    build: (history, faulty) => {
      history.put("a", 1);
      history.get("a", 0, faulty ? "?" : "a@1");
    },
  },
  {
    kind: "unwritten_value",
    title: "a get returns the value of another path",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("b", 1);
      history.get("a", 0, faulty ? "b@1" : "a@1");
    },
  },
  {
    kind: "future_read",
    title: "a get returns a value that is written later",
    build: (history, faulty) => {
      history.put("a", 1);
      history.get("a", 0, faulty ? "a@2" : "a@1");
      history.put("a", 2);
    },
  },
  {
    kind: "future_read",
    title: "metadata shows a later deletion",
    build: (history, faulty) => {
      history.put("a", 1);
      const later = { current: 0, oldest: 0, versions: [[1, 1, 2]] };
      history.metadata("a", faulty ? later : { current: 1, oldest: 1, versions: [[1, 1]] });
      history.delete("a", [], 0);
    },
  },
  {
    kind: "wrong_outcome",
    title: "a put returns another version than the audit log has",
    build: (history, faulty) => {
      history.put("a", 1, faulty ? { version: 2 } : {});
    },
  },
  {
    kind: "wrong_outcome",
    title: "a delete returns another current version",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.delete("a", [2], faulty ? 2 : 1);
    },
  },
  {
    kind: "wrong_outcome",
    title: "a retried put returns another version than at first",
    build: (history, faulty) => {
      const result = { kind: "written", version: faulty ? 2 : 1, revision: 1 } as const;
      history.put("a", 1, {
        key: "k",
        at: [10, 20],
        retries: [{ invokedAt: 30, completedAt: 40, status: 200, result }],
      });
    },
  },
  {
    kind: "key_reused",
    title: "a key is accepted for another value",
    build: (history, faulty) => {
      const first = history.put("a", 1, { key: "k" });
      history.put("a", 2, { key: "k", reusesKeyOf: first, ...(!faulty && { status: 422 }) });
    },
  },
  {
    kind: "key_reused",
    title: "another request with a used key is acknowledged but not committed",
    build: (history, faulty) => {
      const first = history.put("a", 1, { key: "k" });
      const options = faulty ? ({ entry: false, revision: 1 } as const) : { status: 422 };
      history.put("a", 1, { value: "other", key: "k", reusesKeyOf: first, ...options });
    },
  },
  {
    kind: "wrong_time",
    title: "a change has an earlier time than the previous one",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2, faulty ? { entry: { at: HistoryBuilder.time(0) } } : {});
    },
  },
  {
    kind: "internal_error",
    title: "status 500",
    build: (history, faulty) => {
      history.put("a", 1, { status: faulty ? 500 : 503 });
    },
  },
  {
    kind: "unexpected_response",
    title: "status 429",
    build: (history, faulty) => {
      history.put("a", 1, { status: faulty ? 429 : 503 });
    },
  },
  {
    kind: "unexpected_response",
    title: "422 for a key that was not used before",
    build: (history, faulty) => {
      history.put("a", 1, { status: faulty ? 422 : 503, key: "k" });
    },
  },
  {
    kind: "unexpected_response",
    title: "a list is not sorted by UTF-8 bytes",
    build: (history, faulty) => {
      history.put("\u{1f511}", 1);
      history.put("\uff5e", 1);
      history.list("", faulty ? ["\u{1f511}", "\uff5e"] : ["\uff5e", "\u{1f511}"]);
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the delete of an existing path",
    build: (history, faulty) => {
      history.put("a", 1);
      if (faulty) history.delete("a", [1], 0, { status: 404 });
      else history.delete("a", [1], 0);
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the undelete of a deleted version",
    build: (history, faulty) => {
      history.put("a", 1);
      if (faulty) history.delete("a", [1], 0);
      history.undelete("a", [], 1, { status: 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the removal of an existing policy",
    build: (history, faulty) => {
      if (faulty) history.grant("red", []);
      history.revoke("red", { status: 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "409 for the delete of a path that does not exist",
    build: (history, faulty) => {
      history.delete("a", [], 0, { cas: 1, status: faulty ? 409 : 404 });
    },
  },
  {
    kind: "wrong_refusal",
    title: "404 for the end of an existing delegation",
    build: (history, faulty) => {
      if (faulty) history.delegate("red");
      history.undelegate("red", { status: 404 });
    },
  },
  {
    kind: "revoked_allowed",
    title: "a workload changes a policy after its delegation has ended (H04)",
    build: (history, faulty) => {
      history.delegate("red");
      if (faulty) history.undelegate("red");
      history.grant("blue", ["read"], red);
    },
  },
  {
    kind: "granted_denied",
    title: "a workload with a delegation is not allowed to change a policy",
    build: (history, faulty) => {
      if (faulty) history.delegate("red");
      history.revoke("blue", { ...red, status: 401 });
    },
  },
  {
    kind: "late_commit",
    title: "a commit that was passed on after the deadline is applied (H07)",
    build: (history, faulty) => {
      history.put("a", 1, { at: [0, 8100], status: 503, entry: {} });
      history.facts({
        deadlineMs: 8000,
        lateCommits: [{ trace: traceOf(0), receivedAt: 100, at: 9500, isWon: faulty }],
      });
    },
  },
  {
    kind: "late_commit",
    title: "the database's clock was not set back while the commit was late (H07)",
    build: (history, faulty) => {
      history.put("a", 1, { at: [10, 8100], status: 503, entry: {} });
      const lateCommits = [{ trace: traceOf(0), receivedAt: 100, at: 9500, isWon: true }];
      const changes = [
        { at: 2000, offsetMs: -86_400_000 },
        { at: faulty ? 3000 : 9600, offsetMs: 0 },
      ];
      history.facts({ deadlineMs: 8000, lateCommits, clockChanges: changes });
    },
  },
  {
    kind: "pruned_early",
    title: "a prune deletes young entries (H08)",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.prune(faulty ? 2 : 1, { entry: {} });
      history.facts({ prunableUntil: 1 });
    },
  },
  {
    kind: "wrong_outcome",
    title: "a prune that finds nothing returns an old revision",
    build: (history, faulty) => {
      history.put("a", 1);
      history.put("a", 2);
      history.prune(0, { revision: faulty ? 1 : 2 });
    },
  },
  {
    kind: "withheld_right",
    title: "a workload is served by a withheld policy (H04, H05, H06)",
    build: (history, faulty) => {
      const exchanges = [401, faulty ? 200 : 500].map((status) => ({ kind: "get" as const, status }));
      history.facts({ trials: [{ fault: "withheld policy applied two epochs later", exchanges }] });
    },
  },
  {
    kind: "wrong_refusal",
    title: "a retried put is refused after it was committed",
    build: (history, faulty) => {
      const retries = [{ invokedAt: 30, completedAt: 40, status: faulty ? 409 : 200 }];
      history.put("a", 1, { cas: 0, key: "k", at: [10, 20], retries });
    },
  },
  ...BOOKMARK_HISTORIES,
];

function checkBuilt({ maxVersions, build }: FaultyHistory, faulty: boolean) {
  const history = new HistoryBuilder(maxVersions);
  build(history, faulty);
  return check(history.build());
}

describe("check", () => {
  it("has a faulty history for every kind of anomaly", () => {
    expect(new Set(FAULTY_HISTORIES.map(({ kind }) => kind))).toEqual(new Set(Object.keys(ANOMALIES)));
  });

  for (const faulty of FAULTY_HISTORIES) {
    it(`reports ${faulty.kind}: ${faulty.title}`, () => {
      const { anomalies, counts } = checkBuilt(faulty, true);
      expect(anomalies.map(({ kind, detail }) => ({ kind, detail }))).toEqual([
        { kind: faulty.kind, detail: expect.stringMatching(/^[A-Z].*\.$/s) },
      ]);
      expect(counts).toEqual({ [faulty.kind]: 1 });
      expect(checkBuilt(faulty, false).anomalies).toEqual([]);
    });
  }

  it("reports both the put that skipped a version number and the later put that got it", () => {
    const history = new HistoryBuilder();
    history.put("a", 1);
    history.put("a", 3);
    history.put("a", 2, { status: 503, entry: {} });
    expect(check(history.build()).counts).toEqual({ wrong_outcome: 1, late_write: 1 });
  });

  it("reports the operations involved and how many had completed", () => {
    const history = new HistoryBuilder();
    history.put("a", 1);
    const write = history.put("a", 2, { client: 3 });
    const read = history.get("a", 0, "a@1", { client: 2 });
    history.get("a", 0, "a@2");
    const [anomaly] = check(history.build()).anomalies;
    expect(anomaly).toMatchObject({ kind: "stale_read", operations: [write, read], path: "a", after: 3 });
  });

  it("keeps some of very many anomalies, including some of each kind, and counts all", () => {
    const history = new HistoryBuilder();
    for (let count = 0; count < 1500; count += 1) history.put("a", 1, { status: 500 });
    history.get("a", 0, 401);
    const { anomalies, counts } = check(history.build());
    expect(counts).toEqual({ internal_error: 1500, granted_denied: 1 });
    expect(anomalies).toHaveLength(1001);
    expect(anomalies.at(-1)).toMatchObject({ kind: "granted_denied", after: 1501 });
  });

  it("reports nothing for an empty history", () => {
    expect(check(new HistoryBuilder().build())).toMatchObject({ anomalies: [], counts: {} });
  });
});
