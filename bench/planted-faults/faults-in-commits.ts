import type { PlantedFault } from "./fault.ts";

const WRITES = "src/store/libsql/write-statements.ts";
const STORE = "src/store/libsql/libsql-store.ts";
const TRANSACT = "src/store/transact.ts";
const LOAD = "src/store/load.ts";
const AUDITED = "src/commit/audited-write.ts";

/** What goes wrong between a snapshot and the commit that was decided on it. */
export const FAULTS_IN_COMMITS: readonly PlantedFault[] = [
  {
    name: "no AND version = ? at all",
    edits: [
      {
        file: WRITES,
        find: `WHERE path = \${placeholder("path")} AND version = \${placeholder("seen")})\`;`,
        replace: `WHERE path = \${placeholder("path")} AND \${placeholder("seen")} > 0)\`;`,
      },
      {
        file: WRITES,
        find: `sql\`UPDATE \${secrets} SET \${assignments(secrets, "path")}
      WHERE path = \${placeholder("path")} AND version = \${placeholder("seen")} AND`,
        replace: `sql\`UPDATE \${secrets} SET \${assignments(secrets, "path")}
      WHERE path = \${placeholder("path")} AND \${placeholder("seen")} > 0 AND`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "no AND version = ? in the gate",
    edits: [
      {
        file: WRITES,
        find: `WHERE path = \${placeholder("path")} AND version = \${placeholder("seen")})\`;`,
        replace: `WHERE path = \${placeholder("path")} AND \${placeholder("seen")} > 0)\`;`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "no AND version = ? for policies",
    edits: [
      {
        file: WRITES,
        find: "EXISTS (SELECT 1 FROM ${table} WHERE ${unchanged})",
        replace: 'EXISTS (SELECT 1 FROM ${table} WHERE ${named} AND ${placeholder("seen")} > 0)',
      },
    ],
    tests: ["src/store/libsql/libsql-store.test.ts", "test/policies.test.ts"],
  },
  {
    name: "no epoch guard",
    edits: [{ file: WRITES, find: `s.epoch = \${placeholder("epoch")}`, replace: `\${placeholder("epoch")} >= 0` }],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "policies do not raise the epoch",
    edits: [{ file: WRITES, find: "SET epoch = epoch + 1, key_id", replace: "SET key_id" }],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "a lost race counts as won",
    edits: [
      {
        file: STORE,
        find: "const revision = wonRevision(results[gate]);",
        replace: "const revision = wonRevision(results[0]) ?? snapshot.store.revision;",
      },
      {
        file: STORE,
        find: "if (newest !== undefined) requireWin(known(reader.parseWin(last)), newest, query.writeId);",
        replace: "",
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a statement's place in the gate is not looked at",
    edits: [
      {
        file: WRITES,
        find: `WHERE s.id = 1) = \${placeholder("w")}\`;`,
        replace: `WHERE s.id = 1 OR s.id = 1) IS NOT \${placeholder("w")} || '?'\`;`,
      },
    ],
    tests: ["src/store/libsql/libsql-store.test.ts"],
  },
  {
    name: "each statement of a commit is a transaction of its own",
    edits: [
      {
        file: STORE,
        find: `const results = await execute(all, "write", signal);`,
        replace: `const results = [];
    for (const one of all) results.push(...(await execute([one], "write", signal)));`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "answered before the commit",
    edits: [
      {
        file: TRANSACT,
        find: "const result = await commit(store, decision.change, { query, deadline, unknown });",
        replace: `void commit(store, decision.change, { query, deadline, unknown }).catch(() => undefined);
      if (decision.change) return { ok: true, answer: decision.answer(snapshot.store.revision + 1) };
      const result = await commit(store, decision.change, { query, deadline, unknown });`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a 429 or 502 says that a commit was not done",
    masked: "a refusal needs a change, and that change stops the commit as well",
    edits: [
      {
        file: "src/store/libsql/http-execute.ts",
        find: `const outcome = mode === "write" ? "unknown" : "none";`,
        replace: `const outcome = "none";`,
      },
    ],
    tests: ["src/store/transact.test.ts", "test/lost-answers.test.ts", "test/database-faults.test.ts"],
  },
  {
    name: "an idempotency key is everybody's",
    edits: [
      {
        file: "src/commit/write-id.ts",
        find: `encodeCanonical("write_id", [caller, idempotencyKey])`,
        replace: `encodeCanonical("write_id", [idempotencyKey])`,
      },
    ],
    tests: ["test/lost-answers.test.ts"],
  },
  {
    name: "a commit without an answer counts as done",
    edits: [
      {
        file: TRANSACT,
        find: `if (result === undefined) break;`,
        replace: `if (result === undefined) return { ok: true, answer: decision.answer(snapshot.store.revision + 1) };`,
      },
    ],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "a commit without an answer counts as not done",
    edits: [
      {
        file: TRANSACT,
        find: `if (error.outcome === "unknown") context.unknown.push(change);`,
        replace: "",
      },
      {
        file: AUDITED,
        find: "if (replay !== undefined) {\n      return",
        replace: "if (!commitSent && replay !== undefined) {\n      return",
      },
    ],
    tests: ["src/store/transact.test.ts", "test/lost-answers.test.ts"],
  },
  {
    name: "a refusal is passed on while a commit may still be under way",
    edits: [
      {
        file: TRANSACT,
        find: "if (unknown.every((change) => cannotSucceed(change, newest))) return",
        replace: "if (newest) return",
      },
    ],
    tests: ["src/store/transact.test.ts", "test/database-faults.test.ts", "test/lost-answers.test.ts"],
  },
  {
    name: "a write is retried blindly, as another one",
    edits: [
      {
        file: AUDITED,
        find: "const place = { writeId, seq: (tail?.seq ?? 0) + 1, ring: writingRing(ring, snapshot) };",
        replace:
          "const place = { writeId: commitSent ? await writeIdOf(write.caller, undefined, randomBytes) : writeId, seq: (tail?.seq ?? 0) + 1, ring: writingRing(ring, snapshot) };",
      },
      {
        file: STORE,
        find: "if (newest !== undefined) requireWin(known(reader.parseWin(last)), newest, query.writeId);",
        replace: "",
      },
      {
        file: AUDITED,
        find: "if (replay !== undefined) {\n      return",
        replace: "if (!commitSent && replay !== undefined) {\n      return",
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "idempotency keys are ignored",
    edits: [
      {
        file: "src/commit/write-id.ts",
        find: "if (idempotencyKey === undefined) return",
        replace: "if (caller) return",
      },
    ],
    tests: ["test/lost-answers.test.ts"],
  },
  {
    name: "a key answers another request",
    edits: [
      {
        file: AUDITED,
        find: "if (!(await verifyMac(requireRingKey(ring, replay.keyId), write.request, replay.request))) {",
        replace: "if (!verifyMac || !requireRingKey) {",
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "any lost race is a conflict",
    edits: [
      {
        file: TRANSACT,
        find: "      raced = true;",
        replace: `      raced = true;
      if (decision.kind === "commit") return { ok: false, failure: { code: "version_conflict" } as F };`,
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a retry decides on the first snapshot again",
    edits: [
      {
        file: TRANSACT,
        find: "      snapshot = result.snapshot;",
        replace: `      snapshot = { ...snapshot, store: { ...snapshot.store, epoch: result.snapshot.store.epoch } };`,
      },
    ],
    tests: ["src/store/transact.test.ts", "test/two-workers.test.ts"],
  },
  {
    name: "the answer tells the revision before the commit",
    edits: [
      {
        file: TRANSACT,
        find: "answer: decision.answer(result.revision) };",
        replace: "answer: decision.answer(result.revision - 1) };",
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "a load in two round trips",
    edits: [
      {
        file: STORE,
        find: `const results = await execute([reader.statement], "read", signal);`,
        replace: `await execute([reader.statement], "read", signal);
      const results = await execute([reader.statement], "read", signal);`,
      },
    ],
    tests: ["test/round-trips.test.ts"],
  },
  {
    name: "retries without end and without pause",
    edits: [
      { file: LOAD, find: "const MAX_TRIES = 10;", replace: "const MAX_TRIES = 1e9;" },
      {
        file: LOAD,
        find: "await pauseAfterFailure(attempts, tried, signal);",
        replace: "await attempts.sleep(1, signal);",
      },
      { file: "src/store/limit-requests.ts", find: "const MAX_REQUESTS = 40;", replace: "const MAX_REQUESTS = 1e9;" },
    ],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "a busy database is a refusal for good",
    edits: [
      {
        file: "src/store/libsql/to-unavailable.ts",
        find: "return /^SQLITE_(BUSY|LOCKED|CONSTRAINT)/.test(code);",
        replace: "return code === '';",
      },
    ],
    tests: ["test/database-faults.test.ts", "src/store/libsql/libsql-store.test.ts"],
  },
  {
    name: "no deadline",
    unseen: true,
    edits: [{ file: "src/api/start-deadline.ts", find: "    timeoutMs,\n  );", replace: "    1e9,\n  );" }],
    tests: ["test/database-faults.test.ts"],
  },
  {
    name: "loads go on when the client has gone",
    unseen: true,
    edits: [
      {
        file: LOAD,
        find: "signal: AbortSignal.any([attempts.deadline, attempts.client]) });",
        replace: "signal: attempts.deadline });",
      },
    ],
    tests: ["test/database-faults.test.ts"],
  },
];
