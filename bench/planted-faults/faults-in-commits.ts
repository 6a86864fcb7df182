import type { PlantedFault } from "./fault.ts";

const GATE = "src/store/libsql/writes/gate.ts";
const SECRET_WRITES = "src/store/libsql/writes/secret-writes.ts";
const STORE = "src/store/libsql/libsql-store.ts";
const TRANSACT = "src/store/transact.ts";
const LOAD = "src/store/load.ts";
const AUDITED = "src/commit/audited-write.ts";
const WRITE_ID = "src/commit/write-id.ts";

const withoutWinCheck = { file: STORE, in: "requireWin", body: "" } as const;

const replaysOfEarlierRequestsOnly = {
  file: AUDITED,
  in: "auditedWrite.decide",
  if: "replay",
  with: (condition: string) => `!commitSent && ${condition}`,
} as const;

/** Faults between a snapshot and the commit that was decided on it. */
export const FAULTS_IN_COMMITS: readonly PlantedFault[] = [
  {
    name: "no AND version = ? in any statement",
    edits: [{ file: SECRET_WRITES, in: "headAsLoaded", value: "atPath" }],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "no AND version = ? in the gate",
    edits: [{ file: SECRET_WRITES, in: "secretWrites.gateUpdate", use: "headAsLoaded", with: "atPath" }],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "no AND version = ? for policies",
    edits: [
      {
        file: "src/store/libsql/writes/named-row-writes.ts",
        in: "policyWrites.gateUpdate",
        use: "policyAsLoaded",
        with: "policyNamed",
      },
    ],
    tests: ["src/store/libsql/libsql-store.test.ts", "test/policies.test.ts"],
  },
  {
    name: "the gate does not check the epoch",
    edits: [{ file: GATE, in: "always", use: "store.epoch", with: 'placeholder("epoch")' }],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "commits do not depend on the policy that permits them",
    edits: [{ file: GATE, in: "always", use: "restsHold", with: "undefined" }],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "commits are applied at any time",
    edits: [{ file: GATE, in: "always", call: "lte", with: "undefined" }],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "policy changes do not raise the epoch",
    edits: [
      {
        file: "src/store/libsql/writes/store-writes.ts",
        in: "storeWrites.raiseEpoch.epoch",
        value: "sql`${store.epoch}`",
      },
    ],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "a commit that lost a race is reported as won",
    edits: [
      {
        file: STORE,
        in: "commitAll",
        call: "wonRevision",
        with: (call) => `${call} ?? load.winOf(last).store.revision`,
      },
      withoutWinCheck,
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "statements do not check that the gate is theirs",
    edits: [
      { file: GATE, in: "gateIsOurs", value: "sql`${writeIdInGate} is not ${placeholder(\"ourWriteId\")} || '?'`" },
    ],
    tests: ["src/store/libsql/libsql-store.test.ts"],
  },
  {
    name: "each statement of a commit runs in its own transaction",
    edits: [
      {
        file: STORE,
        in: "commitAll",
        call: "execute",
        with: `(async () => {
          const results = [];
          for (const one of all) results.push(...(await execute([one], "write", signal)));
          return results;
        })()`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "responses are sent before the commit",
    edits: [
      {
        file: TRANSACT,
        in: "conclude",
        call: "commit",
        with: (call) => `${call}.catch(() => undefined), { won: true, revision: run.newestRevision + 1 }`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a 429 or 502 counts as proof that a commit was not applied",
    undetectable: "a request is refused only after a change, and that change also prevents the commit",
    edits: [{ file: "src/store/libsql/remote-execute.ts", in: "ofStatus.outcome", value: '"none"' }],
    tests: ["src/store/transact.test.ts", "test/lost-answers.test.ts", "test/database-faults.test.ts"],
  },
  {
    name: "idempotency keys are shared by all callers",
    edits: [{ file: WRITE_ID, in: "writeIdOf", use: "caller", with: '""' }],
    tests: ["test/lost-answers.test.ts"],
  },
  {
    name: "a commit without a response counts as applied",
    edits: [
      {
        file: TRANSACT,
        in: "conclude",
        call: "commit",
        with: (call) => `${call}.then((result) =>
          result instanceof StoreUnavailable ? { won: true, revision: run.newestRevision + 1 } : result)`,
      },
    ],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "a commit without a response counts as not applied",
    edits: [{ file: TRANSACT, in: "commit", call: "unanswered.push", with: "undefined" }, replaysOfEarlierRequestsOnly],
    tests: ["src/store/transact.test.ts", "test/lost-answers.test.ts"],
  },
  {
    name: "a refusal is returned while a commit may still succeed",
    edits: [{ file: TRANSACT, in: "cannotSucceed", body: "return true;" }],
    tests: ["src/store/transact.test.ts", "test/database-faults.test.ts", "test/lost-answers.test.ts"],
  },
  {
    name: "an older state counts as proof that a commit was not applied",
    edits: [
      { file: TRANSACT, in: "decideAndCommit.isOlder", value: "false" },
      {
        file: TRANSACT,
        in: "cannotSucceed",
        body: `
  if (change.authority !== undefined && snapshot.store.epoch !== change.audit.epoch) return true;
  if (change.secret !== undefined && change.secret.kind !== "create") {
    return snapshot.secret?.head?.version !== change.secret.seen;
  }
  const { tail } = snapshot.secret ?? snapshot.chain ?? {};
  return (tail?.revision ?? 0) !== change.tail;
`,
      },
    ],
    tests: ["src/store/transact.test.ts"],
  },
  {
    name: "retries use a new write id",
    edits: [
      {
        file: AUDITED,
        in: "auditedWrite.place.writeId",
        value: "commitSent ? await writeIdOf(write.caller, undefined, randomBytes) : writeId",
      },
      withoutWinCheck,
      replaysOfEarlierRequestsOnly,
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "idempotency keys are ignored",
    edits: [{ file: WRITE_ID, in: "writeIdOf", if: "idempotencyKey", with: "true" }],
    tests: ["test/lost-answers.test.ts"],
  },
  {
    name: "an idempotency key is accepted for a different request",
    edits: [{ file: AUDITED, in: "decideReplay", call: "verifyMac", with: "true" }],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "every lost race is reported as a conflict",
    edits: [
      {
        file: TRANSACT,
        in: "transact.attempt",
        value: (attempt) => `((attempt) => attempt.kind === "lost"
          ? { kind: "done", outcome: { ok: false, failure: { code: "version_conflict" } } }
          : attempt)(${attempt})`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "retries decide on the first snapshot",
    edits: [
      {
        file: TRANSACT,
        in: "transact",
        use: "attempt.snapshot",
        with: "{ ...snapshot, store: { ...snapshot.store, epoch: attempt.snapshot.store.epoch } }",
      },
    ],
    tests: ["src/store/transact.test.ts", "test/two-workers.test.ts"],
  },
  {
    name: "responses contain the revision before the commit",
    edits: [{ file: TRANSACT, in: "conclude", use: "result.revision", with: "result.revision - 1" }],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a load takes two round trips",
    edits: [{ file: STORE, in: "loadFrom", call: "execute", with: (call) => `${call}.then(() => ${call})` }],
    tests: ["test/round-trips.test.ts"],
  },
  {
    name: "retries have no limit and no pause",
    edits: [
      { file: LOAD, in: "MAX_TRIES", value: "1e9" },
      { file: LOAD, in: "loadUntil", call: "pauseAfterFailure", with: "attempts.sleep(1, signal)" },
      { file: "src/store/limit-requests.ts", in: "MAX_REQUESTS", value: "1e9" },
    ],
    tests: ["src/store/limit-requests.test.ts", "test/database-faults.test.ts"],
  },
  {
    name: "a busy database counts as a permanent error",
    edits: [{ file: "src/store/store-unavailable.ts", in: "CAUSES.busy", value: '"permanent"' }],
    tests: ["test/database-faults.test.ts", "src/store/libsql/libsql-store.test.ts"],
  },
  {
    name: "requests have no deadline",
    testsOnly: true,
    edits: [{ file: "src/api/start-deadline.ts", in: "timer", value: "setTimeout(() => undefined, 1e9)" }],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "loads continue after the client disconnects",
    testsOnly: true,
    edits: [{ file: LOAD, in: "load", use: "attempts.client", with: "attempts.deadline" }],
    tests: ["test/database-faults.test.ts"],
  },
];
