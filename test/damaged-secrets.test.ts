import { afterEach, describe, expect, it } from "vitest";
import type { AuditRow, SecretRow, VersionRow } from "../src/store/rows.ts";
import {
  damageableLibsqlStore,
  damageableMemoryStore,
  type DamageableStore,
  type SecretRows,
} from "./harness/damageable-store.ts";
import { KEY_A, KEY_B, ringOf, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const LATEST = 3;

/** Changes the first byte, so that a MAC or AEAD tag no longer verifies. */
const altered = (bytes: Uint8Array<ArrayBuffer>) =>
  Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte ^ 1 : byte));

interface Case {
  /** Rows of the secret after the damage. `before`: rows as they were before the newest write. */
  readonly damage: (rows: SecretRows, before: SecretRows) => SecretRows;
  /** Statuses of {@link VERBS}, in their order. */
  readonly statuses: readonly number[];
  /** The fault that the removal records. Undefined if everything that it checks verifies. */
  readonly fault?: string;
  /** Whether the head verifies, so that a new secret goes on from its number. */
  readonly headVerifies?: true;
  /** The memory store cannot hold these rows. */
  readonly libsqlOnly?: true;
}

const onHead =
  (alter: (head: SecretRow) => Partial<SecretRow>): Case["damage"] =>
  (rows) => ({
    ...rows,
    head: { ...rows.head!, ...alter(rows.head!) },
  });

const onVersion =
  (number: number, alter: (version: VersionRow) => Partial<VersionRow>): Case["damage"] =>
  (rows) => ({
    ...rows,
    versions: rows.versions.map((version) => (version.number === number ? { ...version, ...alter(version) } : version)),
  });

const onTail =
  (alter: (entry: AuditRow) => Partial<AuditRow>): Case["damage"] =>
  (rows) => ({
    ...rows,
    entries: [...rows.entries.slice(0, -1), { ...rows.entries.at(-1)!, ...alter(rows.entries.at(-1)!) }],
  });

const withoutVersion =
  (number: number): Case["damage"] =>
  (rows) => ({
    ...rows,
    versions: rows.versions.filter((version) => version.number !== number),
  });

/** In the order in which the tests run them. */
const VERBS = ["get", "get version 2", "metadata", "delete", "undelete", "put", "remove by a policy"] as const;
const FINE = [200, 200, 200, 200, 200, 200, 200];
const BROKEN = [500, 500, 500, 500, 500, 500, 500];
const HISTORY = [200, 500, 500, 500, 500, 500, 500];

const CASES: Readonly<Record<string, Case>> = {
  "nothing is damaged": { damage: (rows) => rows, statuses: FINE, headVerifies: true },
  "the MAC of the head is altered": {
    damage: onHead(({ mac }) => ({ mac: altered(mac) })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
  },
  "the wrapped data key is altered": {
    damage: onHead(({ wrappedKey }) => ({ wrappedKey: altered(wrappedKey) })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
  },
  "the MAC of the history is altered": {
    damage: onHead(({ history }) => ({ history: altered(history) })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
  },
  "the highest number is altered": {
    damage: onHead(() => ({ latest: 999_999_999 })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
  },
  "the head is under a key that left the ring": {
    damage: onHead(() => ({ keyId: "gone" })),
    statuses: BROKEN,
    fault: "seal_unknown_key",
  },
  "the row version is altered": {
    damage: onHead(({ version }) => ({ version: version + 1 })),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
  "a number of the head is above all safe integers": {
    damage: onHead(() => ({ latest: 2 ** 60 })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
    libsqlOnly: true,
  },
  "the row version is above all safe integers": {
    damage: onHead(() => ({ version: 2 ** 60 })),
    statuses: BROKEN,
    fault: "seal_inconsistent",
    libsqlOnly: true,
  },
  "a time of a version is above all safe integers": {
    damage: onVersion(2, () => ({ createdAt: 2 ** 60 })),
    statuses: HISTORY,
    fault: "seal_not_authentic",
    headVerifies: true,
    libsqlOnly: true,
  },
  "a soft deletion is undone": {
    damage: onVersion(1, () => ({ deletedAt: null })),
    statuses: HISTORY,
    fault: "seal_not_authentic",
    headVerifies: true,
  },
  "an older version is lost": {
    damage: withoutVersion(2),
    statuses: HISTORY,
    fault: "seal_not_authentic",
    headVerifies: true,
  },
  "the current version is lost": {
    damage: withoutVersion(3),
    statuses: BROKEN,
    fault: "seal_not_authentic",
    headVerifies: true,
  },
  "the value of a version is altered": {
    damage: onVersion(2, ({ sealed }) => ({ sealed: altered(sealed!) })),
    statuses: [200, 500, 200, 200, 200, 200, 200],
    headVerifies: true,
  },
  "the head and all versions are lost": {
    damage: ({ entries }) => ({ head: undefined, versions: [], entries }),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
  "the head is lost": {
    damage: (rows) => ({ ...rows, head: undefined }),
    statuses: BROKEN,
    fault: "seal_inconsistent",
    libsqlOnly: true,
  },
  "only the versions are left": {
    damage: ({ versions }) => ({ head: undefined, versions, entries: [] }),
    // The current version is the one that the head names.
    statuses: [404, 500, 500, 500, 500, 500, 500],
    fault: "seal_inconsistent",
    libsqlOnly: true,
  },
  "the newest audit entry is lost": {
    damage: (rows) => ({ ...rows, entries: rows.entries.slice(0, -1) }),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
  "all audit entries are lost": {
    damage: (rows) => ({ ...rows, entries: [] }),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
  "the MAC of the newest audit entry is altered": {
    damage: onTail(({ mac }) => ({ mac: altered(mac) })),
    statuses: BROKEN,
    fault: "seal_not_authentic",
  },
  "the newest audit entry is under a key that left the ring": {
    damage: onTail(() => ({ keyId: "gone" })),
    statuses: BROKEN,
    fault: "seal_unknown_key",
  },
  "the newest audit entry has the highest number possible": {
    damage: onTail(() => ({ seq: Number.MAX_SAFE_INTEGER })),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
  "the newest audit entry is replaced by a removal under an unregistered key": {
    damage: (rows) =>
      onTail(() => ({ action: "remove", keyId: "gone" }))({ ...rows, head: undefined, versions: [] }, rows),
    statuses: BROKEN,
    fault: "seal_unknown_key",
  },
  "an older head and its versions are put back": {
    damage: ({ entries }, { head, versions }) => ({ head, versions, entries }),
    statuses: BROKEN,
    fault: "seal_inconsistent",
  },
};

const BACKENDS: Readonly<Record<string, () => Promise<DamageableStore>>> = {
  memory: async () => damageableMemoryStore(),
  libSQL: damageableLibsqlStore,
};

describe.each(Object.entries(BACKENDS))("a secret in the %s store", (backend, open) => {
  let opened: DamageableStore | undefined;
  afterEach(() => opened?.close());

  /** A secret with versions 1 (deleted) to 3, a caller whose policy grants everything on it, and more commits. */
  const prepare = async ({ damage }: Pick<Case, "damage">) => {
    opened = await open();
    const service = await testService(opened.store);
    const post = async (target: string, body: object) => {
      const answer = await service.post(target, body);
      expect(answer.status).toBe(200);
    };
    for (const v of ["1", "2", "3"]) await post(SECRETS, { path: "a", values: { v } });
    const before = await opened.read("a");
    await post(`${SECRETS}?action=delete`, { path: "a", versions: [1] });
    for (const v of ["1", "2"]) await post(SECRETS, { path: "b", values: { v } });
    await post("/v1/acl/policy", {
      name: "delegate",
      spiffeidPattern: "^spiffe://spike\\.ist/delegate$",
      pathPattern: "^a$",
      permissions: ["super"],
    });
    await opened.write("a", damage(await opened.read("a"), before));
    return { service, backing: opened, revision: 7 };
  };

  const remove = async (service: TestService, body: object = {}, headers: Record<string, string> = {}) =>
    await service.post(`${SECRETS}?action=remove`, { path: "a", ...body }, { headers });
  const put = async (service: TestService, body: object = {}) =>
    await service.post(SECRETS, { path: "a", values: { v: "new" }, ...body });
  const statusesOf = async (service: TestService): Promise<readonly number[]> => {
    const asDelegate = await service.as("/delegate");
    const requests: readonly (() => Promise<TestAnswer>)[] = [
      async () => await service.post(`${SECRETS}?action=get`, { path: "a" }),
      async () => await service.post(`${SECRETS}?action=get`, { path: "a", version: 2 }),
      async () => await service.post(`${SECRETS}/metadata?action=get`, { path: "a" }),
      async () => await service.post(`${SECRETS}?action=delete`, { path: "a", versions: [2] }),
      async () => await service.post(`${SECRETS}?action=undelete`, { path: "a", versions: [1] }),
      async () => await put(service),
      async () => await asDelegate(`${SECRETS}?action=remove`, { path: "a" }),
    ];
    const statuses: number[] = [];
    for (const request of requests) statuses.push((await request()).status);
    return statuses;
  };

  const cases = Object.entries(CASES).filter(([, { libsqlOnly }]) => backend === "libSQL" || libsqlOnly !== true);

  it.each(cases)("has these statuses when %s (H10)", async (_, found) => {
    const { service } = await prepare(found);
    const statuses = await statusesOf(service);
    expect(Object.fromEntries(VERBS.map((verb, index) => [verb, statuses[index]]))).toEqual(
      Object.fromEntries(VERBS.map((verb, index) => [verb, found.statuses[index]])),
    );
  });

  it.each(cases)("can be removed by the superuser when %s, and created again (H10)", async (_, found) => {
    const { service, backing, revision } = await prepare(found);
    const { fault, headVerifies = false } = found;
    service.log.length = 0;
    if (headVerifies) expect((await remove(service, { cas: LATEST - 1 })).body).toEqual({ err: "version_conflict" });
    const key = { "Idempotency-Key": "k" };
    const began = Date.now();
    const removed = await remove(service, { cas: LATEST }, key);
    expect([removed.status, removed.body]).toEqual([
      200,
      {
        version: 0,
        revision: revision + 1,
        ...(fault !== undefined && {
          warnings: [`The removed secret did not verify (${fault}). The log has the details.`],
        }),
      },
    ]);
    const event = {
      level: "error",
      event: "secret_not_verified",
      reason: fault,
      detail: expect.stringMatching(/^secret "a": /),
    };
    expect(service.log).toMatchObject(fault === undefined ? [] : [event]);

    const latest = headVerifies ? LATEST : revision;
    const { head, versions, entries } = await backing.read("a");
    expect([head, versions]).toEqual([undefined, []]);
    expect(entries.at(-1)).toMatchObject({ action: "remove", revision: revision + 1 });
    expect(Math.abs(entries.at(-1)!.at - began)).toBeLessThan(60_000);
    expect((await remove(service, { cas: LATEST }, key)).text).toBe(removed.text);
    expect(JSON.parse(entries.at(-1)!.outcome)).toEqual({ latest, ...(fault !== undefined && { fault }) });
    const statuses = await statusesOf(service);
    // The put created a new secret, which the delegate removed.
    expect(statuses).toEqual([404, 404, 404, 404, 404, 200, 200]);

    for (const cas of [1, 2, LATEST, latest, latest + 1]) expect((await put(service, { cas })).status).toBe(409);
    expect((await put(service, { cas: 0 })).body).toMatchObject({ version: latest + 2 });
    expect((await put(service, { cas: 0 })).status).toBe(409);
    expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).body).toEqual({ data: { v: "new" } });
    for (const version of [1, 2, 3].filter((number) => number !== latest + 2)) {
      expect((await service.post(`${SECRETS}?action=get`, { path: "a", version })).status).toBe(404);
    }
    const { versions: states, metadata } = (await service.post(`${SECRETS}/metadata?action=get`, { path: "a" })).body;
    expect(Object.keys(states as object)).toEqual([String(latest + 2)]);
    expect(metadata).toMatchObject({ currentVersion: latest + 2, oldestVersion: latest + 2 });
  });

  it("is not found and cannot be removed if all its rows and entries are lost (H10)", async () => {
    const { service } = await prepare({ damage: () => ({ head: undefined, versions: [], entries: [] }) });
    expect(await statusesOf(service)).toEqual([404, 404, 404, 404, 404, 200, 200]);
    expect((await remove(service)).status).toBe(404);
  });

  it("can be removed again if the entry of its removal is altered (H10)", async () => {
    const { service, backing } = await prepare({ damage: (rows) => rows });
    expect((await remove(service)).status).toBe(200);
    const rows = await backing.read("a");
    await backing.write("a", onTail(({ mac }) => ({ mac: altered(mac) }))(rows, rows));
    expect(await statusesOf(service)).toEqual(BROKEN);
    expect((await remove(service)).status).toBe(200);
    expect((await put(service, { cas: 0 })).body).toMatchObject({ version: 9 });
  });

  it("stays removed after the key of its removal left the ring, and its numbers go on from the revision", async () => {
    const { backing } = await prepare({ damage: (rows) => rows });
    const both = await testService(backing.store, { ring: await ringOf(KEY_B, KEY_A) });
    expect((await remove(both)).status).toBe(200);
    expect((await both.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
    for (let after: unknown = ""; after !== undefined;) {
      after = (await both.post("/v1/operator/rewrap", { after })).body["next"];
    }
    const service = await testService(backing.store, { ring: await ringOf(KEY_B) });
    const { store } = await backing.store.load({}, new AbortController().signal);
    for (const target of [
      "?action=get",
      "/metadata?action=get",
      "?action=delete",
      "?action=undelete",
      "?action=remove",
    ]) {
      expect((await service.post(`${SECRETS}${target}`, { path: "a" })).status, target).toBe(404);
    }
    expect((await put(service, { cas: LATEST })).status).toBe(409);
    const revision = store.revision + 1;
    expect((await put(service, { cas: 0 })).body).toEqual({ version: revision, revision });
    expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).body).toEqual({ data: { v: "new" } });
  });
});
