import type { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange, type Exchange, sendAndAbort, type Tenant, type TenantRequest } from "./tenant.ts";

/** Sequential requests of one tenant. No other lane writes its paths, so it can predict every response. */
export interface Lane {
  readonly exchanges: readonly Exchange[];
  /** Responses that differ from the prediction or contain data of the other tenant. */
  readonly problems: readonly string[];
  readonly run: (requests: number) => Promise<void>;
}

interface Version {
  readonly number: number;
  readonly value: string;
  isDeleted: boolean;
}

const SECRETS = "/v1/store/secrets";
const TARGETS = {
  put: SECRETS,
  get: `${SECRETS}?action=get`,
  metadata: `${SECRETS}/metadata?action=get`,
  list: `${SECRETS}?action=list`,
  delete: `${SECRETS}?action=delete`,
  undelete: `${SECRETS}?action=undelete`,
} as const;

/** The share of each step in all requests, in percent. */
const SHARES = {
  put: 7,
  putWithWrongCas: 2,
  get: 12,
  getVersion: 3,
  metadata: 4,
  list: 3,
  listAll: 1,
  delete: 3,
  undelete: 2,
  getOfOther: 5,
  putOfOther: 2,
  listOfOther: 1,
  malformedBody: 34,
  invalidToken: 16,
  abort: 5,
} as const;

const UNAUTHORIZED = { err: "access_unauthorized" };

export function tenantLane(options: {
  readonly url: string;
  readonly agent: Agent;
  readonly index: number;
  readonly mine: Tenant;
  readonly other: Tenant;
  /** The number of versions that the service keeps. */
  readonly kept: number;
}): Lane {
  const { url, agent, index, mine, other, kept } = options;
  const exchanges: Exchange[] = [];
  const problems: string[] = [];
  const path = `${mine.name}/${index}/x`;
  const pathOfOther = `${other.name}/${index ^ 1}/x`;
  let versions: readonly Version[] = [];
  let latest = 0;

  const current = (): Version | undefined => versions.findLast(({ isDeleted }) => !isDeleted);
  const request = (action: keyof typeof TARGETS, body: TenantRequest["body"], token?: string): TenantRequest => {
    const base = { tenant: mine, action: `secret.${action}`, target: TARGETS[action], body };
    return token === undefined ? base : { ...base, token };
  };
  /** Sends a request, and checks that its response is as expected and contains no data of the other tenant. */
  const check = async (sent: TenantRequest, status: number, expected?: object): Promise<void> => {
    const response = await exchange(url, sent, agent);
    exchanges.push(response);
    const { text } = response;
    if ([other.canary, `"${other.name}/`, other.spiffeId, other.token].some((secret) => text.includes(secret))) {
      problems.push(`the response to ${sent.action} of ${mine.name} contains data of ${other.name}: ${text}`);
    }
    const body = text.slice(text.indexOf("\n\n") + 2);
    const isExpected = response.status === status && (expected === undefined || isSubset(expected, JSON.parse(body)));
    if (isExpected) return;
    const wanted = `${status} ${JSON.stringify(expected)}`;
    problems.push(`${sent.action} of ${path} returned ${response.status} ${body}, not ${wanted}`);
  };

  /** Each step receives a random number. */
  const steps: Readonly<Record<keyof typeof SHARES, (n: number) => Promise<void>>> = {
    async put(n) {
      const value = `${mine.canary} ${index} ${n}`;
      latest += 1;
      versions = [...versions, { number: latest, value, isDeleted: false }].slice(-kept);
      await check(request("put", { path, values: { [mine.canary]: value } }), 200, { version: latest });
    },
    async putWithWrongCas() {
      await check(request("put", { path, values: { v: mine.canary }, cas: 999_999 }), 409);
    },
    async get() {
      const found = current();
      const data = found && { data: { [mine.canary]: found.value } };
      await check(request("get", { path }), found ? 200 : 404, data);
    },
    async getVersion(n) {
      const version = versions[n % versions.length];
      if (version === undefined || version.isDeleted) return;
      const data = { [mine.canary]: version.value };
      await check(request("get", { path, version: version.number }), 200, { data });
    },
    async metadata() {
      const exists = latest > 0;
      const metadata = { currentVersion: current()?.number ?? 0 };
      await check(request("metadata", { path }), exists ? 200 : 404, exists ? { metadata } : undefined);
    },
    async list() {
      const keys = latest > 0 ? [path] : [];
      await check(request("list", { prefix: `${mine.name}/${index}/` }), 200, { keys });
    },
    /** Other lanes of the tenant write most of these paths, so only the other tenant's data is wrong here. */
    async listAll() {
      await check(request("list", {}), 200, {});
    },
    async delete() {
      const found = current();
      if (found === undefined) return;
      found.isDeleted = true;
      await check(request("delete", { path }), 200, { version: current()?.number ?? 0 });
    },
    async undelete() {
      const found = versions.findLast(({ isDeleted }) => isDeleted);
      if (found === undefined) return;
      found.isDeleted = false;
      await check(request("undelete", { path, versions: [found.number] }), 200, { version: current()?.number });
    },
    async getOfOther() {
      await check(request("get", { path: pathOfOther }), 401, UNAUTHORIZED);
    },
    async putOfOther() {
      await check(request("put", { path: pathOfOther, values: {} }), 401, UNAUTHORIZED);
    },
    async listOfOther() {
      await check(request("list", { prefix: `${other.name}/` }), 200, { keys: [] });
    },
    async malformedBody() {
      await check(request("put", `{"path":"${mine.canary}`), 400, { err: "api_bad_request" });
    },
    async invalidToken(n) {
      const token = n % 2 === 0 ? mine.canary : mine.token.slice(0, -4);
      await check(request("get", { path }, token), 401, UNAUTHORIZED);
    },
    async abort(n) {
      const values = { [mine.canary]: `${mine.canary} ${index} ${n}` };
      const put = request("put", { path: `${mine.name}/gone/${index}`, values });
      const sent = n % 4 === 0 ? request("get", { path }) : put;
      exchanges.push(await sendAndAbort(url, sent, async () => await sleep(n % 20)));
    },
  };
  const names = Object.keys(SHARES) as (keyof typeof SHARES)[];
  const table = names.flatMap((name) => Array.from({ length: SHARES[name] }, () => steps[name]));
  const random = randomNumbers(index);

  return {
    exchanges,
    problems,
    async run(requests) {
      while (exchanges.length < requests) {
        const n = random();
        await table[n % table.length]!(Math.floor(n / table.length));
      }
    },
  };
}

/** Whether `found` contains every expected member. */
function isSubset(expected: unknown, found: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return expected === found;
  if (Array.isArray(expected)) return JSON.stringify(expected) === JSON.stringify(found);
  if (typeof found !== "object" || found === null) return false;
  return Object.entries(expected).every(([name, value]) => isSubset(value, Reflect.get(found, name)));
}

/** A reproducible generator (Numerical Recipes, section 7.1). */
function randomNumbers(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
