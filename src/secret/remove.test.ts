import { beforeEach, describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { KEY_A, ringOf } from "../../test/harness/service.ts";
import { computeMac } from "../seal/mac.ts";
import { type Access, UNRESTRICTED } from "../store/access.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { SecretRow } from "../store/rows.ts";
import type { AnySnapshot, Change, Query, SecretView, Store } from "../store/store.ts";
import { putSecret } from "./put.ts";
import { type RemovalDeps, removeSecret, type SecretProblem } from "./remove.ts";
import { parseSecretPath } from "./secret-path.ts";

const never = new AbortController().signal;
const path = parseSecretPath("a")!;
const PERMITTED: Access = { query: {}, isUnrestricted: false, permits: async () => await Promise.resolve([]) };

let inner: Store;
/** Alters what the store returns about the secret. */
let alter: (view: SecretView) => Partial<SecretView>;
let commits: Change[];
let queries: Query[];
let problems: SecretProblem[];
let deps: RemovalDeps;
beforeEach(async () => {
  inner = memoryStore({ storeId: "s", now: Date.now });
  alter = () => ({});
  [commits, queries, problems] = [[], [], []];
  const store: Store = {
    async load(query, signal) {
      queries.push(query);
      const snapshot: AnySnapshot = await inner.load(query, signal);
      const { secret } = snapshot;
      return { ...snapshot, secret: secret && { ...secret, ...alter(secret) } } as never;
    },
    async commit(change, query, signal) {
      commits.push(change);
      return await inner.commit(change, query, signal);
    },
  };
  deps = {
    store,
    ring: await ringOf(KEY_A),
    attempts: PATIENT,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    access: UNRESTRICTED,
    keptVersions: 10,
    reportSecret: (problem) => problems.push(problem),
  };
  // The highest number is 2 at revision 3.
  for (const at of ["c", "a", "a"]) {
    const put = { ...requestOf({ at }), text: "{}" };
    expect(await putSecret({ ...deps, store: inner }, put)).toMatchObject({ ok: true });
  }
});

interface Options {
  readonly cas?: number;
  readonly key?: string;
  readonly at?: string;
}
const requestOf = ({ cas, key, at = path }: Options) => ({
  caller: "spiffe://spike.ist/x",
  idempotencyKey: key,
  traceId: "t",
  path: parseSecretPath(at)!,
  cas,
});
const remove = async (options: Options = {}) => await removeSecret(deps, requestOf(options));
const stored = async () => {
  const { secret, audit } = await inner.load(
    { secret: { path, version: "none" }, audit: { after: 0, limit: 9 } },
    never,
  );
  return { head: secret.head, entry: audit.rows.at(-1), count: audit.rows.length };
};
const onHead = (columns: Partial<SecretRow>) => (view: SecretView) => ({ head: { ...view.head!, ...columns } });

describe("removing a secret", () => {
  it("leaves an audit entry with the highest number", async () => {
    expect(await remove()).toEqual({ ok: true, answer: { latest: 2, revision: 4 } });
    const { head, entry, count } = await stored();
    expect([head, count]).toEqual([undefined, 4]);
    expect(entry).toMatchObject({ action: "remove", resource: "secret:a", seq: 3, outcome: '{"latest":2}' });
    const request = { label: "request", fields: ["remove", "a", null] };
    expect(entry?.request).toEqual(await computeMac(deps.ring.primary, request));
    expect(queries).toMatchObject([{ secret: { path: "a", version: "none" } }]);
    expect(commits).toMatchObject([{ tail: 3, secret: { kind: "remove", path: "a" } }]);
    expect(problems).toEqual([]);
  });

  it("finds nothing at a path without a secret", async () => {
    expect(await remove({ at: "b" })).toEqual({ ok: false, failure: { code: "not_found" } });
    await remove();
    expect(await remove({ cas: 2 })).toEqual({ ok: false, failure: { code: "not_found" } });
    expect(commits).toHaveLength(1);
  });

  it.each([
    [2, true],
    [0, false],
    [1, false],
    [3, false],
  ])("compares the highest number with cas %i: %s", async (cas, ok) => {
    const failure = { code: "version_conflict" };
    expect(await remove({ cas })).toEqual(ok ? { ok, answer: { latest: 2, revision: 4 } } : { ok, failure });
    expect((await stored()).count).toBe(ok ? 4 : 3);
  });

  it("repeated under its idempotency key returns the first answer, if path and cas are the same", async () => {
    const first = await remove({ key: "k", cas: 2 });
    expect(await remove({ key: "k", cas: 2 })).toEqual(first);
    for (const other of [{}, { cas: 1 }, { cas: 2, at: "b" }]) {
      expect(await remove({ key: "k", ...other })).toEqual({ ok: false, failure: { code: "idempotency_key_reused" } });
    }
    expect(commits).toHaveLength(1);
  });

  describe.each<readonly [string, typeof alter, string]>([
    ["with an altered head", onHead({ latest: 1 }), "not_authentic"],
    ["with a head of another row version", onHead({ version: 1 }), "inconsistent"],
    ["without a head", () => ({ head: undefined, states: [] }), "inconsistent"],
    ["of which only versions are left", () => ({ head: undefined }), "inconsistent"],
  ])("%s", (_, damage, reason) => {
    beforeEach(() => {
      alter = damage;
    });

    it("removes and reports it if access is unrestricted, whatever cas is (H10)", async () => {
      // A new secret goes on from the store's revision.
      const fault = `seal_${reason}`;
      expect(await remove({ cas: 77 })).toEqual({ ok: true, answer: { latest: 3, fault, revision: 4 } });
      expect(problems).toMatchObject([{ path: "a", reason: fault }]);
      expect((await stored()).entry?.outcome).toBe(JSON.stringify({ latest: 3, fault }));
    });

    it("fails if a policy permits it", async () => {
      deps = { ...deps, access: PERMITTED };
      await expect(remove()).rejects.toMatchObject({ name: "SealError", reason });
      expect([commits, problems]).toEqual([[], []]);
    });
  });

  it("fails with what the store throws", async () => {
    deps = { ...deps, store: { ...deps.store, load: async () => await Promise.reject(new TypeError("a fault")) } };
    await expect(remove()).rejects.toThrow(TypeError);
  });

  it("compares cas if only the versions do not verify and access is unrestricted (H10)", async () => {
    alter = () => ({ states: [] });
    expect(await remove({ cas: 1 })).toEqual({ ok: false, failure: { code: "version_conflict" } });
    expect(problems).toEqual([]);
    expect(await remove({ cas: 2 })).toEqual({
      ok: true,
      answer: { latest: 2, fault: "seal_not_authentic", revision: 4 },
    });
    expect(problems).toMatchObject([{ path: "a", reason: "seal_not_authentic" }]);
    expect((await stored()).entry?.outcome).toBe('{"latest":2,"fault":"seal_not_authentic"}');
  });
});
