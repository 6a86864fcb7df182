import type { PlantedFault } from "./fault.ts";

const VERSIONS = "src/secret/versions.ts";
const PUT = "src/secret/put.ts";
const GET = "src/secret/get.ts";
const LIST = "src/secret/list.ts";
const WRITE = "src/secret/write.ts";
const COMMIT = "src/store/libsql/commit-statements.ts";
const READS = "src/store/libsql/read-statements.ts";

/** What goes wrong with versions, policies, time, keys and the marks that tell whose rows these are. */
export const FAULTS_IN_SEMANTICS: readonly PlantedFault[] = [
  {
    name: "the number of a deleted version is given again",
    edits: [
      {
        file: PUT,
        find: "const number = (secret?.head.latest ?? 0) + 1;",
        replace: "const number = (secret?.head.current ?? 0) + 1;",
      },
      {
        file: PUT,
        find: "addVersion(secret?.versions ?? [], state, keep)",
        replace: "addVersion((secret?.versions ?? []).filter((version) => version.number < number), state, keep)",
      },
      {
        file: "src/store/libsql/write-statements.ts",
        find: `sql\`INSERT INTO \${secretVersions}`,
        replace: `sql\`INSERT OR REPLACE INTO \${secretVersions}`,
      },
      {
        file: COMMIT,
        find: "if (pruneBelow !== undefined)",
        replace:
          "if (insert !== undefined) statements.push({ sql: 'DELETE FROM secret_versions WHERE path = ? AND number >= ?', args: [path, insert.number] });\n  if (pruneBelow !== undefined)",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "versions are never pruned",
    edits: [{ file: VERSIONS, find: ".slice(-keep);", replace: ".slice(-keep * 100);" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "rows of pruned versions stay",
    edits: [{ file: COMMIT, find: "if (pruneBelow !== undefined)", replace: "if (pruneBelow === -1)" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "the newest version is pruned first",
    edits: [
      {
        file: VERSIONS,
        find: "const kept = [...versions, added].slice(-keep);",
        replace: "const kept = [...versions.slice(-keep, -1), added].slice(-keep);",
      },
      {
        file: COMMIT,
        find: "if (pruneBelow !== undefined)",
        replace:
          "if (insert !== undefined) statements.push({ sql: 'DELETE FROM secret_versions WHERE path = ? AND number = ?', args: [path, insert.number - 1] });\n  if (pruneBelow !== undefined)",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "cas is not looked at",
    edits: [
      {
        file: WRITE,
        find: "const conflict = cas !== undefined && cas !== (head?.latest ?? 0);",
        replace: "const conflict = cas === -7 && head !== undefined;",
      },
    ],
    tests: ["test/two-workers.test.ts"],
  },
  {
    name: "cas is compared with the current version",
    edits: [{ file: WRITE, find: "cas !== (head?.latest ?? 0);", replace: "cas !== (head?.current ?? 0);" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a deletion is not written",
    edits: [{ file: COMMIT, find: "if (softDelete !== undefined)", replace: "if (softDelete?.at === 0)" }],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "deleting again renews the time of deletion",
    edits: [
      {
        file: VERSIONS,
        find: "(version) => wanted.has(version.number) && isLive(version, now));",
        replace: "(version) => wanted.has(version.number));",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "an undelete restores everything",
    edits: [
      {
        file: VERSIONS,
        find: "(version) => wanted.has(version.number) && version.destroyedAt === null && !isLive(version, now),",
        replace: "(version) => wanted.size > 0 && version.destroyedAt === null && !isLive(version, now),",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a deleted version is read by its number",
    edits: [
      { file: GET, find: "state !== undefined && isLive(state, now) ?", replace: "state !== undefined && now > 0 ?" },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a read is answered from a cache for half a second",
    edits: [
      {
        file: GET,
        find: "export async function getSecret(",
        replace: `const cache = new Map();
export async function getSecret(room, asked) {
  const key = \`\${asked.path} \${asked.number}\`;
  const known = cache.get(key);
  if (known !== undefined && Date.now() < known.until && room.access.query.grants === undefined) return known.result;
  const result = await getSecretAfresh(room, asked);
  cache.set(key, { result, until: Date.now() + 500 });
  return result;
}
export async function getSecretAfresh(`,
      },
    ],
    tests: ["test/two-workers.test.ts", "test/no-mutable-state.test.ts"],
  },
  {
    name: "a policy decision is cached for a minute",
    edits: [
      {
        file: "src/policy/access.ts",
        find: "export async function policyAccess(",
        replace: "const cache = new Map();\nexport async function policyAccess(",
      },
      {
        file: "src/policy/access.ts",
        find: "async permits({ store, keys, grants }) {",
        replace: `async permits({ store, keys, grants }) {
      const key = JSON.stringify(request);
      const known = cache.get(key);
      if (known !== undefined && Date.now() < known.until) return known.granted;
      const granted = await isGranted({ ring, store, report }, grants ?? [], request);
      cache.set(key, { granted, until: Date.now() + 60_000 });
      if (granted !== undefined) return granted;`,
      },
    ],
    tests: ["test/revocation.test.ts", "test/no-mutable-state.test.ts"],
  },
  {
    name: "a right is judged in the first snapshot only",
    edits: [
      {
        file: "src/commit/audited-write.ts",
        find: "const isOwnCommit = commitSent && replay !== undefined;",
        replace: "const isOwnCommit = commitSent;",
      },
    ],
    tests: ["test/revocation.test.ts"],
  },
  {
    name: "any policy of a caller grants everything",
    edits: [
      {
        file: "src/policy/permission.ts",
        find: 'return permissions.includes(wanted) || permissions.includes("super");',
        replace: "return permissions.length > 0 && wanted !== undefined;",
      },
    ],
    tests: ["test/policies.test.ts"],
  },
  {
    name: "a list leaves out secrets without a current version",
    edits: [
      {
        file: READS,
        find: `sql\`h.path > \${placeholder("pathsAfter")} AND`,
        replace: `sql\`h.current > 0 AND h.path > \${placeholder("pathsAfter")} AND`,
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "a list loses its last path",
    edits: [
      {
        file: LIST,
        find: ": { ok: true, answer: paths };",
        replace: ": { ok: true, answer: paths.length > 3 ? paths.slice(0, -1) : paths };",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "the worker's clock counts, and may run backwards",
    edits: [
      {
        file: "src/secret/write-time.ts",
        find: "return Math.max(now, head?.writtenAt ?? 0);",
        replace: "return Date.now() + 0 * (head?.writtenAt ?? now);",
      },
    ],
    tests: ["test/secret-examples.test.ts", "src/secret/expiring-version.test.ts"],
  },
  {
    name: "only the primary key is known",
    edits: [
      {
        file: "src/seal/key-ring.ts",
        find: "ring.keys.find(",
        replace: "ring.keys.slice(0, 1).find(",
      },
    ],
    tests: ["src/seal/key-ring.test.ts"],
  },
  {
    name: "the current version is the lowest live one",
    edits: [
      {
        file: VERSIONS,
        find: "const highest = versions.findLast(",
        replace: "const highest = versions.find(",
      },
    ],
    tests: ["test/secret-examples.test.ts"],
  },
  {
    name: "the audit entry has the trace of no request",
    edits: [
      {
        file: "src/commit/build-change.ts",
        find: "      outcome: JSON.stringify(accepted.outcome),\n      traceId,",
        replace: '      outcome: JSON.stringify(accepted.outcome),\n      traceId: traceId.replace(/^../, "ff"),',
      },
    ],
    tests: ["test/stored-audit.test.ts"],
  },
  {
    name: "values are sealed without AAD",
    unseen: true,
    edits: [
      {
        file: "src/seal/record.ts",
        find: 'return { name: "AES-GCM", iv: nonce, additionalData, tagLength: TAG_BYTES * 8 };',
        replace:
          'return { name: "AES-GCM", iv: nonce, additionalData: additionalData.slice(0, 0), tagLength: TAG_BYTES * 8 };',
      },
    ],
    tests: ["src/seal/record.test.ts", "test/tampering.test.ts"],
  },
  {
    name: "an older head put back counts",
    unseen: true,
    edits: [
      {
        file: "src/secret/verify-secret.ts",
        find: "if (tail.writeId !== head.writeId || tail.seq !== head.seq) {",
        replace: "if (tail.seq === -1) {",
      },
      {
        file: "src/secret/verify-secret.ts",
        find: "if (head.version !== tail.revision) throw",
        replace: "if (tail.seq === -1) throw",
      },
    ],
    tests: ["test/tampering.test.ts"],
  },
  {
    name: "the states of versions are under no MAC",
    unseen: true,
    edits: [
      {
        file: "src/secret/verify-secret.ts",
        find: "states && requireMac(ring, historyContext(identity, states), { keyId: head.keyId, mac: head.history }),",
        replace: "states && identity && historyContext && undefined,",
      },
    ],
    tests: ["test/tampering.test.ts"],
  },
  {
    name: "a revoked policy put back counts",
    unseen: true,
    edits: [
      {
        file: "src/commit/authority-row.ts",
        find: 'if (tail === undefined) throw inconsistent(table, name, "has no audit entry");',
        replace: "if (tail !== undefined) return;",
      },
    ],
    tests: ["test/policy-tampering.test.ts"],
  },
];
