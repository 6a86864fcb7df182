import type { PlantedFault } from "./fault.ts";

const TRANSACT = "src/store/transact.ts";
const JUDGE = "src/commit/bookmark/judge.ts";
const READ_NEAR = "src/api/nexus/read-near.ts";
const REPLICAS = "test/replicas.test.ts";
const BOOKMARKS = "test/bookmarks.test.ts";

/** Returns a decision of another kind than a commit from the snapshot of the replica. */
const decidedNear = (kind: "refused" | "settled", outcome: string) =>
  [
    {
      file: TRANSACT,
      in: "decideNear",
      call: "decide",
      with: (call: string) =>
        `${call}.then((made) => made.kind === "${kind}" ? { kind: "commit", change: { notAfter: 0, near: made } } : made)`,
    },
    {
      file: TRANSACT,
      in: "conclude",
      body: (body: string) => `
  const { near } = arguments[1].change;
  if (near !== undefined) return { kind: "done", outcome: ${outcome} };
  ${body}`,
    },
  ] as const;

/** Faults of bookmarks, and of loads from replicas. */
export const FAULTS_IN_REPLICAS: readonly PlantedFault[] = [
  {
    name: "a replica is not made to forward reads to its primary",
    edits: [{ file: "src/store/libsql/remote-execute.ts", in: "remoteExecute.mode", value: "kind" }],
    tests: ["test/strong-reads.test.ts"],
  },
  {
    name: "a write is refused because of the replica's state",
    edits: decidedNear("refused", "{ ok: false, failure: near.failure }"),
    tests: [REPLICAS],
  },
  {
    name: "a repeated write is answered from the replica's state",
    edits: decidedNear("settled", "{ ok: true, answer: near.answer }"),
    tests: [REPLICAS],
  },
  {
    name: "a read is refused because of the replica's state",
    edits: [{ file: READ_NEAR, in: "readNear", use: "answer.ok", with: "true" }],
    tests: [REPLICAS],
  },
  {
    name: "the heartbeat's age is not checked",
    edits: [
      {
        file: "src/commit/replica-access.ts",
        in: "withFreshness.requireFresh.age",
        value: "at === undefined ? Infinity : 0",
      },
    ],
    tests: [REPLICAS],
  },
  {
    name: "bookmarks are not judged",
    edits: [{ file: "src/commit/bookmark/with-bookmarks.ts", in: "refusalOf", body: "return undefined;" }],
    tests: [BOOKMARKS],
  },
  {
    name: "the bookmark of a write is from before the write",
    edits: [{ file: "src/commit/audited-write.ts", in: "auditedWrite", call: "markAfter", with: "markOf(snapshot)" }],
    tests: [BOOKMARKS],
  },
  {
    name: "only the first load of a list is judged",
    edits: [
      {
        file: "src/secret/list.ts",
        in: "readList",
        call: "access.requireCurrent",
        with: "undefined",
      },
    ],
    tests: [REPLICAS],
  },
  {
    name: "the heartbeat has the time after its load",
    testsOnly: true,
    edits: [
      {
        file: "src/api/ops/readyz.ts",
        in: "verifyReady",
        call: "renewHeartbeat",
        with: "renewHeartbeat(c.env, { ring, snapshot, at: c.env.platform.now(), maxAgeMs: MAX_HEARTBEAT_MS, signal })",
      },
    ],
    tests: [REPLICAS],
  },
  {
    name: "the heartbeat is not compared with the replica's history",
    testsOnly: true,
    edits: [
      { file: "src/commit/heartbeat.ts", in: "freshnessOf", call: "judge", with: "undefined" },
      { file: "src/commit/heartbeat.ts", in: "freshnessOf", if: "row.entryMac", with: "false" },
    ],
    tests: [REPLICAS, "test/bookmarks.test.ts"],
  },
  {
    name: "the store MAC of a bookmark is not compared",
    testsOnly: true,
    edits: [{ file: JUDGE, in: "judge", if: "isSameEpoch", with: "false" }],
    tests: ["src/commit/bookmark/judge.test.ts"],
  },
  {
    name: "the entry MAC of a bookmark is not compared",
    testsOnly: true,
    edits: [{ file: JUDGE, in: "judge", use: "mark.entryMac", with: "entryMacOf(found)" }],
    tests: ["src/commit/bookmark/judge.test.ts"],
  },
];
