import type { Edit } from "./edit.ts";
import type { PlantedFault } from "./fault.ts";

const VERSIONS = "src/secret/versions.ts";
const PUT = "src/secret/put.ts";
const GET = "src/secret/get.ts";
const WRITE = "src/secret/write.ts";
const ACCESS = "src/policy/access.ts";
const VERIFY = "src/secret/verify-secret.ts";
const VERSION_WRITES = "src/store/libsql/writes/version-writes.ts";

/** Deletes versions in every put. `number` compares their numbers with the new one. */
const deletingVersions = (number: string): Edit => ({
  file: VERSION_WRITES,
  in: "versionStatements.statements",
  value: `insert === undefined
    ? []
    : [{ sql: "DELETE FROM secret_versions WHERE path = ? AND number ${number}", args: [of.path, insert.number] }]`,
});

/** Faults in versions, policies, time and keys, and in what protects rows from a malicious database. */
export const FAULTS_IN_SEMANTICS: readonly PlantedFault[] = [
  {
    name: "version numbers of deleted versions are reused",
    edits: [
      {
        file: "src/secret/next-number.ts",
        in: "nextNumber.latest",
        value: (latest) => `found.head?.current ?? ${latest}`,
      },
      {
        file: PUT,
        in: "decidePut",
        use: "secret.versions",
        with: "secret?.versions.filter((version) => version.number < number)",
      },
      deletingVersions(">= ?"),
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "versions are never pruned",
    edits: [{ file: VERSIONS, in: "addVersion", use: "keep", with: "keep * 100" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "rows of pruned versions are kept",
    edits: [{ file: VERSION_WRITES, in: "versionStatements", if: "pruneBelow", with: "false" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "the newest version is pruned first",
    edits: [
      { file: VERSIONS, in: "addVersion.kept", use: "versions", with: "versions.slice(-keep, -1)" },
      deletingVersions("= ? - 1"),
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "cas is ignored",
    edits: [{ file: WRITE, in: "writeSecret.conflict", value: "false" }],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "cas is compared with the current version",
    edits: [{ file: WRITE, in: "writeSecret.conflict", use: "head.latest", with: "head?.current" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "deletions are not stored",
    edits: [{ file: VERSION_WRITES, in: "versionStatements", if: "softDelete", with: "false" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a second delete changes the deletion time",
    edits: [{ file: VERSIONS, in: "deleteVersions", call: "isLive", with: "true" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "an undelete restores all versions",
    edits: [{ file: VERSIONS, in: "restoreVersions", call: "wanted.has", with: "true" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a deleted version can be read by its number",
    edits: [{ file: GET, in: "liveNumber", call: "isLive", with: "true" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "reads are cached for half a second",
    edits: [
      { file: GET, append: "const cache = new Map();" },
      {
        file: GET,
        in: "getSecret",
        body: (body) => `
  const key = \`\${path} \${number}\`;
  const known = cache.get(key);
  if (known !== undefined && Date.now() < known.until && deps.access.query.grants === undefined) return known.result;
  const result = await (async () => {${body}})();
  cache.set(key, { result, until: Date.now() + 500 });
  return result;
`,
      },
    ],
    tests: ["test/two-workers.test.ts", "test/no-mutable-state.test.ts"],
  },
  {
    name: "policy decisions are cached for a minute",
    edits: [
      { file: ACCESS, append: "const cache = new Map();" },
      {
        file: ACCESS,
        in: "policyAccess.permits",
        body: (body) => `
  const key = JSON.stringify(request);
  const known = cache.get(key);
  if (known !== undefined && Date.now() < known.until) return known.granted;
  const granted = await (async () => {${body}})();
  cache.set(key, { granted, until: Date.now() + 60_000 });
  return granted;
`,
      },
    ],
    tests: ["test/revocation.test.ts", "test/no-mutable-state.test.ts"],
  },
  {
    name: "permissions are checked in the first snapshot only",
    edits: [{ file: "src/commit/audited-write.ts", in: "auditedWrite.isOwnCommit", value: "commitSent" }],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "any matching policy grants every permission",
    edits: [{ file: "src/policy/permission.ts", in: "grants", body: "return permissions.length > 0;" }],
    tests: ["test/policies.test.ts"],
  },
  {
    name: "lists omit secrets without a current version",
    edits: [
      {
        file: "src/store/libsql/load/path-part.ts",
        in: "all",
        value: (all) => all.replace("where", "where h.current > 0 and"),
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "lists omit the last path",
    edits: [
      {
        file: "src/api/nexus/secret/list.ts",
        in: "list.run",
        use: "result.answer",
        with: (answer) =>
          `({ ...${answer}, keys: ${answer}.keys.slice(0, ${answer}.keys.length > 3 ? -1 : undefined) })`,
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "writes use the worker's clock, which may run backwards",
    edits: [{ file: "src/secret/write-time.ts", in: "writeTime", body: "return Date.now();" }],
    tests: ["test/secret-examples.test.ts", "src/secret/expiring-version.test.ts"],
  },
  {
    name: "times of secrets follow the database's clock, however wrong",
    edits: [{ file: "src/commit/effective-time.ts", in: "effectiveTime", body: "return now;" }],
    tests: ["src/commit/effective-time.test.ts"],
  },
  {
    name: "pruning judges an entry by the earlier of its times",
    edits: [{ file: "src/audit/entry-time.ts", in: "laterTime", body: "return Math.min(at, workerAt);" }],
    tests: ["src/audit/entry-time.test.ts"],
  },
  {
    name: "an entry that is dated in the future stops pruning",
    edits: [{ file: "src/audit/entry-time.ts", in: "earlierOf", body: "return b;" }],
    tests: ["src/audit/entry-time.test.ts"],
  },
  {
    name: "only the first key of the ring is known",
    edits: [{ file: "src/seal/key-ring.ts", in: "requireRingKey", use: "ring.keys", with: "ring.keys.slice(0, 1)" }],
    tests: ["src/seal/key-ring.test.ts"],
  },
  {
    name: "the current version is the lowest live version",
    edits: [{ file: VERSIONS, in: "summarize.highest", use: "versions.findLast", with: "versions.find" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "audit entries have a wrong trace id",
    edits: [{ file: "src/commit/build-change.ts", in: "buildChange.traceId", value: 'traceId.replace(/^../, "ff")' }],
    tests: ["test/stored-audit.test.ts"],
  },
  {
    name: "values are sealed without AAD",
    testsOnly: true,
    edits: [{ file: "src/seal/record.ts", in: "algorithm.additionalData", value: "new Uint8Array()" }],
    tests: ["src/seal/record.test.ts", "test/tampering.test.ts"],
  },
  {
    name: "an older head that was put back is accepted",
    testsOnly: true,
    edits: [
      { file: VERIFY, in: "requireSameCommit", if: "tail.writeId", with: "false" },
      { file: VERIFY, in: "requireSameCommit", if: "tail.revision", with: "false" },
    ],
    tests: ["test/tampering.test.ts"],
  },
  {
    name: "the MAC of version states is not verified",
    testsOnly: true,
    edits: [{ file: VERIFY, in: "verifyHistory", body: "" }],
    tests: ["test/tampering.test.ts"],
  },
  {
    name: "a secret that was removed and created again starts at version 1",
    testsOnly: true,
    edits: [{ file: "src/secret/removal.ts", in: "lastNumber", body: "return 0;" }],
    tests: ["test/secret-removal.test.ts"],
  },
  {
    name: "a delegate can remove a secret that does not verify",
    testsOnly: true,
    edits: [{ file: "src/secret/remove.ts", in: "findRemovable", use: "access.isUnrestricted", with: "true" }],
    tests: ["test/damaged-secrets.test.ts"],
  },
  {
    name: "a removal does not depend on other commits",
    testsOnly: true,
    edits: [
      {
        file: "src/store/libsql/writes/secret-writes.ts",
        in: "secretWrites.gateRemove",
        use: "isUntouched",
        with: "undefined",
      },
    ],
    tests: ["test/secret-removal.test.ts"],
  },
  {
    name: "the setting of the worker decides how many versions an existing secret keeps",
    edits: [{ file: PUT, in: "decidePut.keep", value: "put.keptVersions" }],
    tests: ["test/kept-versions.test.ts"],
  },
  {
    name: "a policy that is not in the authority trie is accepted",
    edits: [{ file: "src/commit/authority-row.ts", in: "requireCurrentRow", if: "member", with: "false" }],
    tests: ["test/policy-tampering.test.ts"],
  },
  {
    name: "the authority trie is not checked against its root",
    edits: [{ file: "src/commit/authority/trie.ts", in: "#follow", call: "equalBytes", with: "true" }],
    tests: ["src/commit/authority/trie.test.ts"],
  },
];
