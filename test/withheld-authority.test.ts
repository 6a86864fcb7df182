import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Execute } from "../src/store/libsql/execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { withClock, workerAt } from "./harness/clocks.ts";
import { substitute, substitutions, type Substitution, type Target } from "./harness/dishonest-database.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { type TestDomain, testDomain } from "./harness/identity.ts";
import { storeManyPolicies } from "./harness/many-policies.ts";
import { KEY_A, ringOf, type TestService } from "./harness/service.ts";
import { DECIDING, dumpTables, restoreTables, type TableDump } from "./harness/table-dump.ts";

const POLICY = "/v1/acl/policy";
const BUNDLE = "/v1/trust/bundle";
const SECRETS = "/v1/store/secrets";
const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse("2026-01-01T00:00:00Z");

const policyOf = (name: string, who: string, pathPattern = "^app/") => ({
  name,
  spiffeidPattern: `^spiffe://spike\\.ist/${who}$`,
  pathPattern,
  permissions: ["read"],
});

const POLICY_TARGET: Target = { table: "policies", column: "name", name: "wide", resource: "policy:wide" };
const BUNDLE_TARGET: Target = {
  table: "trust_bundles",
  column: "trust_domain",
  name: "partner.org",
  resource: "bundle:partner.org",
};

let database: FileDatabase;
let service: TestService;
/** By the clocks of the database and the worker. */
let now: number;
/** Answers nothing to commits, and keeps what they would have stored. */
let isHolding: boolean;
let held: TableDump | undefined;

beforeEach(async () => {
  database = await fileDatabase();
  now = START;
  isHolding = false;
  held = undefined;
  const execute: Execute = async (statements, mode, signal) => {
    if (!isHolding || mode === "read") return await database.execute(statements, mode, signal);
    const before = await dumpTables(database.client, DECIDING);
    await database.execute(statements, mode, signal);
    held ??= await dumpTables(database.client, DECIDING);
    await restoreTables(database.client, before);
    throw new StoreUnavailable("connection", "unknown", "no answer");
  };
  const clock = () => now;
  service = await workerAt(libsqlStore(withClock(execute, clock)), clock, { requestTimeoutMs: 500 });
  await send(SECRETS, { path: "app/a", values: { v: "1" } });
});
afterEach(() => database.close());

const send = async (target: string, body: object) => {
  const { status } = await service.post(target, body);
  expect(status, `${target} ${JSON.stringify(service.log)}`).toBe(200);
};
const put = async (policy: object) => await send(POLICY, policy);
const putBundle = async ({ bundle }: TestDomain, trustDomain = "partner.org") =>
  await send(BUNDLE, { trustDomain, bundle });
const dump = async () => await dumpTables(database.client, DECIDING);
const readAs = async (who: string) => {
  const workload = await service.as(`/${who}`);
  return (await workload(`${SECRETS}?action=get`, { path: "app/a" })).status;
};
const readFrom = async (domain: TestDomain) => {
  const headers = { authorization: `Bearer ${await domain.token("/web")}` };
  return (await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers })).status;
};
/** Appends an audit entry, because every request requires the newest one. Then an attack may remove any other. */
const writeLater = async () => await send(SECRETS, { path: "later", values: {} });
const getPolicy = async (id: string) => (await service.post(`${POLICY}?action=get`, { id })).status;
const problems = async () => (await service.post("/v1/audit?action=verify", {})).body["problems"] as object[];

/** Puts a policy or a trust bundle whose commit the database keeps back. Returns what the database would then contain. */
async function withhold(body: object, headers: Readonly<Record<string, string>> = {}): Promise<TableDump> {
  isHolding = true;
  const target = "trustDomain" in body ? BUNDLE : POLICY;
  expect((await service.post(target, body, { headers })).status).toBe(503);
  isHolding = false;
  if (held === undefined) throw new Error("no commit was sent");
  return held;
}

/** 40 more policies, so that the trie has several levels. */
async function growTrie(): Promise<void> {
  const patternsOf = () => ({ spiffeIdPattern: "^spiffe://spike\\.ist/x$", pathPattern: "^x$" });
  await storeManyPolicies({ client: database.client, ring: await ringOf(KEY_A) }, { count: 40, patternsOf, now });
}

interface Attack {
  readonly target: Target;
  /** The state from before or beside the attack. */
  readonly other: TableDump;
  readonly places: readonly number[];
  readonly versions: readonly number[];
  /** What the caller gets who would gain something. */
  readonly read: () => Promise<number>;
  /** What a get of the row answers: with the row that is current, and with the node of another state. */
  readonly current: 200 | 404;
}

/**
 * Tries every combination that leaves the store row, and those with the other store row that lack something. The caller is
 * never granted anything, and the log names the row whenever one was offered.
 */
async function expectRefused(attack: Attack): Promise<void> {
  const honest = await dump();
  const { target, other, read, places, versions } = attack;
  const event = target.table === "policies" ? "policy_ignored" : "bundle_ignored";
  const tried = [...substitutions({ places, versions })].filter(({ row, nodes, store }) => !(row && nodes && store));
  for (const piece of tried) {
    const why = JSON.stringify(piece);
    await restoreTables(database.client, substitute(honest, other, { target, piece }));
    service.log.length = 0;
    expect(await read(), why).toBe(401);
    const line = { level: "error", event, reason: "seal_inconsistent", detail: expect.stringContaining(target.name) };
    expect(service.log, why).toMatchObject(piece.row ? [line] : []);
    service.log.length = 0;
    const status = await getStatus(target);
    expect(status, why).toBe(expectedGet(piece, attack));
    if (status === 500) expect(service.log, why).toMatchObject([{ reason: "seal_inconsistent" }]);
  }
  await restoreTables(database.client, honest);
  service.log.length = 0;
  expect(await read()).toBe(401);
  expect(await getStatus(target)).toBe(attack.current);
  expect(service.log).toEqual([]);
}

async function getStatus({ table, name }: Target): Promise<number> {
  const [target, body] = table === "policies" ? [POLICY, { id: name }] : [BUNDLE, { trustDomain: name }];
  return (await service.post(`${target}?action=get`, body)).status;
}

/** Nodes and store row of different states prove nothing. If they fit each other, they prove only the row of their state. */
function expectedGet({ row, nodes, store }: Substitution, { current }: Attack): number {
  return nodes === store && !nodes && !row ? current : 500;
}

describe("a commit that the database keeps back", () => {
  const attackOf = async (other: TableDump, options: Partial<Attack> = {}): Promise<Attack> => {
    await writeLater();
    const [store] = (await dump()).store;
    const newest = Number(store?.["revision"]);
    const own = Number(other.store[0]?.["revision"]);
    return {
      target: POLICY_TARGET,
      other,
      // Its own revision, that of the newest entry, and the next one.
      places: [own, newest, newest + 1],
      versions: [own, newest, newest + 1],
      read: async () => await readAs("reader"),
      current: 404,
      ...options,
    };
  };

  it.each(["one leaf", "several levels"])(
    "grants nothing when it is applied two epochs later, in a trie of %s (H04)",
    async (size) => {
      if (size === "several levels") await growTrie();
      const withheld = await withhold(policyOf("wide", "reader"));
      expect([await getPolicy("wide"), await readAs("reader")]).toEqual([404, 401]);
      await put(policyOf("other", "other"));
      await putBundle(await testDomain("partner.org"));
      await expectRefused(await attackOf(withheld));
      expect(await readAs("other")).toBe(200);
      expect(await problems()).toEqual([]);
      await put(policyOf("wide", "reader"));
      expect(await readAs("reader")).toBe(200);
    },
  );

  it.each(["another", "no"])(
    "proves nothing if it is a trust bundle, and %s bundle is stored (H04)",
    async (stored) => {
      const partner = await testDomain("partner.org", "k1");
      await put({ ...policyOf("web", ""), spiffeidPattern: "^spiffe://partner\\.org/web$" });
      const withheld = await withhold({ trustDomain: "partner.org", bundle: partner.bundle });
      expect([await getStatus(BUNDLE_TARGET), await readFrom(partner)]).toEqual([404, 401]);
      await put(policyOf("other", "other"));
      await putBundle(await testDomain("partner.org", "k2"), stored === "no" ? "other.org" : "partner.org");
      const read = async () => await readFrom(partner);
      const current = stored === "no" ? 404 : 200;
      await expectRefused(await attackOf(withheld, { target: BUNDLE_TARGET, read, current }));
      await putBundle(partner);
      expect(await read()).toBe(200);
    },
  );

  it("grants nothing after a policy of the same name was put (H04)", async () => {
    const withheld = await withhold(policyOf("wide", "reader"));
    await put(policyOf("wide", "reader", "^nothing/"));
    await put(policyOf("other", "other"));
    await expectRefused(await attackOf(withheld, { current: 200 }));
  });

  it("grants nothing in place of another request with the same Idempotency-Key (H04)", async () => {
    const headers = { "Idempotency-Key": "k" };
    const withheld = await withhold(policyOf("wide", "reader"), headers);
    // Both rows have the same name, write id, base and epoch.
    const again = await service.post(POLICY, policyOf("wide", "reader", "^nothing/"), { headers });
    expect(again.status).toBe(200);
    const pick = ({ policies }: TableDump) =>
      policies.map(({ name, write_id, version, base, epoch }) => [name, write_id, version, base, epoch]);
    expect(pick(await dump())).toEqual(pick(withheld));
    await put(policyOf("other", "other"));
    await expectRefused(await attackOf(withheld, { current: 200 }));
  });

  it("grants nothing after it was put again, and that policy was deleted (H04)", async () => {
    const headers = { "Idempotency-Key": "k" };
    const withheld = await withhold(policyOf("wide", "reader"), headers);
    expect((await service.post(POLICY, policyOf("wide", "reader"), { headers })).status).toBe(200);
    expect(await readAs("reader")).toBe(200);
    await send(`${POLICY}?action=delete`, { id: "wide" });
    await expectRefused(await attackOf(withheld));
  });

  it("serves its own state if the store row goes back too: newer policies stop, and the audit check reports it (H04)", async () => {
    const withheld = await withhold(policyOf("wide", "reader"));
    await put(policyOf("other", "other"));
    await putBundle(await testDomain("partner.org"));
    const version = Number(withheld.store[0]?.["revision"]);
    const piece = { row: true, nodes: true, store: true, hidesEntries: false, entryAt: undefined, version };
    await restoreTables(database.client, substitute(await dump(), withheld, { target: POLICY_TARGET, piece }));
    service.log.length = 0;
    // Nothing in this request shows a newer state. A caller with a newer bookmark would.
    expect(await readAs("reader")).toBe(200);
    expect(await readAs("other")).toBe(401);
    expect(service.log).toMatchObject([{ event: "policy_ignored", reason: "seal_inconsistent" }]);
    expect(await problems()).not.toEqual([]);
  });

  it("grants nothing below the audit floor, in the place of a pruned entry (H05)", async () => {
    for (let n = 0; n < 4; n += 1) await send(SECRETS, { path: "x", values: { n: String(n) } });
    await put(policyOf("early", "early"));
    const withheld = await withhold(policyOf("wide", "reader"));
    for (let n = 0; n < 3; n += 1) await send(SECRETS, { path: "x", values: { n: String(n) } });
    await put(policyOf("other", "other"));
    await putBundle(await testDomain("partner.org"));
    now += 9 * DAY;
    await send(SECRETS, { path: "app/a", values: { v: "2" } });
    await send("/v1/audit?action=prune", { days: 8 });
    const { store, audit } = await dump();
    const floor = Number(store[0]?.["audit_floor"]);
    const base = Number(withheld.policies.find(({ name }) => name === "wide")?.["base"]);
    const present = new Set(audit.map(({ revision }) => revision));
    const pruned = Array.from({ length: floor }, (_, index) => index + 1).filter((revision) => !present.has(revision));
    const places = pruned.filter((revision) => revision > base);
    expect(places.length).toBeGreaterThan(1);
    // Not above its base, a row or an entry cannot have any revision.
    const attack = await attackOf(withheld, { places: [...places, pruned[0] ?? 0], versions: places });
    await expectRefused(attack);
    expect(await readAs("early")).toBe(200);
    expect(await problems()).toEqual([]);
  });
});

describe("an earlier state of an authority row that the database puts back", () => {
  let partner: TestDomain;
  let successor: TestDomain;
  beforeAll(async () => {
    partner = await testDomain("partner.org", "k1");
    successor = await testDomain("partner.org", "k2");
  });
  beforeEach(async () => {
    const pattern = { spiffeidPattern: "^spiffe://partner\\.org/web$" };
    await put({ ...policyOf("web", ""), ...pattern });
    await put(policyOf("wide", "reader"));
    await putBundle(partner);
    expect([await readAs("reader"), await readFrom(partner)]).toEqual([200, 200]);
  });

  const attackOf = async (other: TableDump, target: Target, current: 200 | 404): Promise<Attack> => {
    await writeLater();
    const after = await dump();
    const revisionIn = (state: TableDump) =>
      Number(state.audit.findLast(({ resource }) => resource === target.resource)?.["revision"]);
    const [before, last] = [revisionIn(other), revisionIn(after)];
    return {
      target,
      other,
      // Where its audit entry was, and in place of the newer one.
      places: [before, last],
      versions: [before, last],
      read: async () => await (target === POLICY_TARGET ? readAs("reader") : readFrom(partner)),
      current,
    };
  };

  it.each(["one leaf", "several levels"])(
    "grants nothing if it is a policy with broader rights, in a trie of %s (H06)",
    async (size) => {
      if (size === "several levels") await growTrie();
      const before = await dump();
      await put(policyOf("wide", "reader", "^nothing/"));
      await expectRefused(await attackOf(before, POLICY_TARGET, 200));
      expect(await problems()).toEqual([]);
    },
  );

  it("grants nothing if it is a deleted policy (H06)", async () => {
    const before = await dump();
    await send(`${POLICY}?action=delete`, { id: "wide" });
    await expectRefused(await attackOf(before, POLICY_TARGET, 404));
  });

  it("grants nothing if the policy was deleted and put again (H06)", async () => {
    const before = await dump();
    await send(`${POLICY}?action=delete`, { id: "wide" });
    await put(policyOf("wide", "reader", "^nothing/"));
    await expectRefused(await attackOf(before, POLICY_TARGET, 200));
  });

  it("proves nothing if it is a trust bundle with a revoked key (H06)", async () => {
    const before = await dump();
    await putBundle(successor);
    await expectRefused(await attackOf(before, BUNDLE_TARGET, 200));
    expect(await readFrom(successor)).toBe(200);
  });

  it("proves nothing if it is a deleted trust bundle (H06)", async () => {
    const before = await dump();
    await send(`${BUNDLE}?action=delete`, { trustDomain: "partner.org" });
    await expectRefused(await attackOf(before, BUNDLE_TARGET, 404));
  });

  it.each([POLICY_TARGET, BUNDLE_TARGET])(
    "is not missed if the newer row of $resource is hidden: a get is 500, and a put or delete repairs it (H06)",
    async (target) => {
      await put(policyOf("wide", "reader"));
      await putBundle(partner);
      const { table, column, name } = target;
      await database.client.execute(`DELETE FROM ${table} WHERE ${column} = '${name}'`);
      const hidden = await dump();
      const read = async () => await (target === POLICY_TARGET ? readAs("reader") : readFrom(partner));
      service.log.length = 0;
      expect(await read()).toBe(401);
      expect(await getStatus(target)).toBe(500);
      expect(service.log).toMatchObject([{ event: "request_failed", reason: "seal_inconsistent" }]);
      await (target === POLICY_TARGET ? put(policyOf("wide", "reader")) : putBundle(partner));
      expect([await read(), await getStatus(target)]).toEqual([200, 200]);
      await restoreTables(database.client, hidden);
      const removal = target === POLICY_TARGET ? { id: name } : { trustDomain: name };
      await send(`${target === POLICY_TARGET ? POLICY : BUNDLE}?action=delete`, removal);
      expect([await read(), await getStatus(target)]).toEqual([401, 404]);
      expect(await problems()).toEqual([]);
    },
  );
});
