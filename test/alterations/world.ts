import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "../harness/file-database.ts";
import { type TestDomain, testDomain } from "../harness/identity.ts";
import { dumpTables, restoreTables } from "../harness/table-dump.ts";
import { type TestAnswer, type TestService, testService } from "../harness/service.ts";

export const TABLES = [
  "store",
  "keys",
  "secrets",
  "secret_versions",
  "policies",
  "trust_bundles",
  "authority",
  "audit",
  "heartbeat",
] as const;

export type TableName = (typeof TABLES)[number];

export type Cell = null | number | string | ArrayBuffer;

export type Row = Readonly<Record<string, Cell>>;

/** The contents of all tables at one moment. */
export type Contents = Readonly<Record<TableName, readonly Row[]>>;

/** A store with a history: rights and keys that were revoked, secrets that were deleted and removed, a pruned audit. */
export interface World {
  /** The contents now. */
  readonly now: Contents;
  /** Earlier contents, from old to new. */
  readonly earlier: readonly Contents[];
  /** Replaces the rows of some tables. */
  write(tables: Partial<Contents>): Promise<void>;
  /** The answers to a fixed list of requests: reads of every kind, by callers with and without rights. */
  probe(): Promise<ReadonlyMap<string, TestAnswer>>;
  /** Whether a verification of the whole store finds a problem. */
  isReported(): Promise<boolean>;
  close(): void;
}

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const BUNDLE = "/v1/trust/bundle";

export async function createWorld(): Promise<World> {
  const database = await fileDatabase();
  // Nothing has to survive a power failure, and each alteration is a transaction.
  await database.client.execute("PRAGMA synchronous = OFF");
  // Rows that cannot be read are read again several times, after pauses.
  const service = await testService(libsqlStore(database.execute), { platform: { sleep: async () => undefined } });
  const [before, after] = await Promise.all([testDomain("partner.org", "k1"), testDomain("partner.org", "k2")]);
  const earlier: Contents[] = [];
  for (const step of historyOf(service, { before, after })) {
    const { status, text } = await step();
    if (status !== 200) throw new Error(`a step of the history was refused: ${status} ${text}`);
    earlier.push(await readAll(database));
  }
  const now = earlier.pop();
  if (now === undefined) throw new Error("the history is empty");
  const requests = await requestsOf(service, { before, after });
  return {
    now,
    earlier,
    write: async (tables) => await restoreTables(database.client, tables),
    async probe() {
      const answers = new Map<string, TestAnswer>();
      for (const [name, send] of requests) answers.set(name, await send());
      return answers;
    },
    isReported: async () => await isReported(service),
    close: () => database.close(),
  };
}

interface Keys {
  /** The partner's keys before and after a key was revoked. */
  readonly before: TestDomain;
  readonly after: TestDomain;
}

function historyOf(service: TestService, { before, after }: Keys): readonly (() => Promise<TestAnswer>)[] {
  const put = (path: string, v: string, key?: string) => async () =>
    await service.post(
      SECRETS,
      { path, values: { v } },
      key === undefined ? {} : { headers: { "idempotency-key": key } },
    );
  const policy = (name: string, identity: string, pathPattern: string, permissions: readonly string[]) => async () =>
    await service.post(POLICY, { name, spiffeidPattern: `^spiffe://${identity}$`, pathPattern, permissions });
  const at = (target: string, body: object) => async () => await service.post(target, body);
  return [
    put("app/a", "a1"),
    put("app/a", "a2"),
    put("app/b", "b1", "key-of-b1"),
    put("other/c", "c1"),
    put("other/c", "c2"),
    policy("app", "spike\\.ist/app", ".*", ["read", "write", "list"]),
    policy("gone", "spike\\.ist/gone", "^app/", ["read"]),
    policy("narrowed", "spike\\.ist/narrowed", "^other/", ["read", "write"]),
    at(BUNDLE, { trustDomain: "partner.org", bundle: before.bundle }),
    policy("partner", "partner\\.org/web", "^app/a$", ["read"]),
    at(BUNDLE, { trustDomain: "left.org", bundle: before.bundle }),
    at(`${SECRETS}?action=delete`, { path: "other/c", versions: [1] }),
    at(`${POLICY}?action=delete`, { id: "gone" }),
    policy("app", "spike\\.ist/app", "^app/", ["read", "list"]),
    policy("narrowed", "spike\\.ist/narrowed", "^other/d$", ["read"]),
    at(BUNDLE, { trustDomain: "partner.org", bundle: after.bundle }),
    at(`${BUNDLE}?action=delete`, { trustDomain: "left.org" }),
    ...Array.from({ length: 12 }, (_, n) => policy(`many-${n}`, `spike\\.ist/many/${n}`, `^many/${n}$`, ["read"])),
    put("app/a", "a3"),
    at(`${SECRETS}?action=delete`, { path: "app/b" }),
    at(`${SECRETS}?action=undelete`, { path: "app/b", versions: [1] }),
  ];
}

async function requestsOf(
  service: TestService,
  { before, after }: Keys,
): Promise<readonly (readonly [string, () => Promise<TestAnswer>])[]> {
  const [app, gone, narrowed] = await Promise.all(
    ["/app", "/gone", "/narrowed"].map(async (path) => await service.as(path)),
  );
  const partner = async (domain: TestDomain) => {
    const authorization = `Bearer ${await domain.token("/web")}`;
    return async (target: string, body: object) => await service.post(target, body, { headers: { authorization } });
  };
  const [revoked, partnerNow] = [await partner(before), await partner(after)];
  const get = `${SECRETS}?action=get`;
  const key = { headers: { "idempotency-key": "key-of-b1" } };
  const requests: readonly (readonly [string, typeof revoked | undefined, string, object])[] = [
    ["app gets app/a", app, get, { path: "app/a" }],
    ["app gets app/b", app, get, { path: "app/b" }],
    ["app gets version 2", app, get, { path: "app/a", version: 2 }],
    ["app gets other/c, which a revoked right allowed", app, get, { path: "other/c" }],
    ["app puts, which a revoked right allowed", app, SECRETS, { path: "app/a", values: { v: "x" } }],
    ["app lists", app, `${SECRETS}?action=list`, {}],
    ["gone gets app/a, which a deleted policy allowed", gone, get, { path: "app/a" }],
    ["narrowed gets other/c, which a revoked right allowed", narrowed, get, { path: "other/c" }],
    ["partner gets app/a", partnerNow, get, { path: "app/a" }],
    ["partner gets app/a with a revoked key", revoked, get, { path: "app/a" }],
    ["superuser gets app/a", undefined, get, { path: "app/a" }],
    ["superuser gets the deleted version 1 of other/c", undefined, get, { path: "other/c", version: 1 }],
    ["superuser gets other/c", undefined, get, { path: "other/c" }],
    ["superuser gets what does not exist", undefined, get, { path: "app/none" }],
    ["superuser gets metadata of app/a", undefined, `${SECRETS}/metadata?action=get`, { path: "app/a" }],
    ["superuser gets metadata of other/c", undefined, `${SECRETS}/metadata?action=get`, { path: "other/c" }],
    ["superuser lists secrets", undefined, `${SECRETS}?action=list`, {}],
    ["superuser gets a policy", undefined, `${POLICY}?action=get`, { id: "app" }],
    ["superuser gets a deleted policy", undefined, `${POLICY}?action=get`, { id: "gone" }],
    ["superuser lists policies", undefined, `${POLICY}?action=list`, {}],
    ["superuser gets a bundle", undefined, `${BUNDLE}?action=get`, { trustDomain: "partner.org" }],
    ["superuser gets a deleted bundle", undefined, `${BUNDLE}?action=get`, { trustDomain: "left.org" }],
    ["superuser lists bundles", undefined, `${BUNDLE}?action=list`, {}],
    ["superuser lists the audit", undefined, "/v1/audit?action=list", { limit: 1000 }],
  ];
  return [
    ...requests.map(([name, send, target, body]) => {
      const run = async () => await (send === undefined ? service.post(target, body) : send(target, body));
      return [name, run] as const;
    }),
    ["superuser repeats a write", async () => await service.post(SECRETS, { path: "app/b", values: { v: "b1" } }, key)],
  ];
}

async function isReported(service: TestService): Promise<boolean> {
  for (let after: unknown = 0; after !== undefined && after !== null;) {
    const { status, body } = await service.post("/v1/audit?action=verify", { after });
    if (status !== 200) return true;
    const { problems, next } = body as { readonly problems: readonly unknown[]; readonly next?: unknown };
    if (problems.length > 0) return true;
    after = next;
  }
  return false;
}

async function readAll({ client }: FileDatabase): Promise<Contents> {
  // libSQL reads no other types of cells than these.
  return (await dumpTables(client, TABLES)) as Contents;
}
