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

export function tenantLane(of: {
  readonly url: string;
  readonly agent: Agent;
  readonly index: number;
  readonly mine: Tenant;
  readonly other: Tenant;
  /** The number of versions that the service keeps. */
  readonly kept: number;
}): Lane {
  const { url, agent, index, mine, other, kept } = of;
  const exchanges: Exchange[] = [];
  const problems: string[] = [];
  const path = `${mine.name}/${index}/x`;
  let versions: readonly Version[] = [];
  let latest = 0;

  const current = (): Version | undefined => versions.findLast(({ isDeleted }) => !isDeleted);
  const request = (action: string, target: string, body: TenantRequest["body"], token?: string): TenantRequest => {
    return { tenant: mine, action, target, body, ...(token !== undefined && { token }) };
  };
  /** Sends a request, and checks that its response is as expected and contains no data of the other tenant. */
  const check = async (status: number, expected: unknown, ...sent: Parameters<typeof request>): Promise<void> => {
    const [action] = sent;
    const response = await exchange(url, request(...sent), agent);
    exchanges.push(response);
    const { text } = response;
    if ([other.canary, `"${other.name}/`, other.spiffeId, other.token].some((secret) => text.includes(secret))) {
      problems.push(`the response to ${action} of ${mine.name} contains data of ${other.name}: ${text}`);
    }
    const body = text.slice(text.indexOf("\n\n") + 2);
    const isExpected = response.status === status && (expected === undefined || isSubset(expected, JSON.parse(body)));
    if (!isExpected) {
      problems.push(
        `${action} of ${path} returned ${response.status} ${body}, not ${status} ${JSON.stringify(expected)}`,
      );
    }
  };

  /** The kinds of requests, each with its share in percent. Each receives a random number. */
  const steps: readonly (readonly [share: number, step: (n: number) => Promise<void>])[] = [
    [
      7,
      async (n) => {
        const value = `${mine.canary} ${index} ${n}`;
        const body = { path, values: { [mine.canary]: value } };
        latest += 1;
        versions = [...versions, { number: latest, value, isDeleted: false }].slice(-kept);
        await check(200, { version: latest }, "secret.put", SECRETS, body);
      },
    ],
    [
      12,
      async () => {
        const found = current();
        const data = found && { data: { [mine.canary]: found.value } };
        await check(found ? 200 : 404, data, "secret.get", `${SECRETS}?action=get`, { path });
      },
    ],
    [
      3,
      async (n) => {
        const version = versions[n % versions.length];
        if (version === undefined || version.isDeleted) return;
        const { number, value } = version;
        const body = { path, version: number };
        await check(200, { data: { [mine.canary]: value } }, "secret.get", `${SECRETS}?action=get`, body);
      },
    ],
    [
      4,
      async () => {
        const metadata = { metadata: { currentVersion: current()?.number ?? 0 } };
        const known = latest > 0;
        const target = `${SECRETS}/metadata?action=get`;
        await check(known ? 200 : 404, known ? metadata : undefined, "secret.metadata", target, { path });
      },
    ],
    [
      3,
      async () => {
        const body = { prefix: `${mine.name}/${index}/` };
        await check(200, { keys: latest > 0 ? [path] : [] }, "secret.list", `${SECRETS}?action=list`, body);
      },
    ],
    // A list of all paths of the tenant. Other lanes write some of them, so only the other tenant's data would be wrong.
    [1, async () => await check(200, {}, "secret.list", `${SECRETS}?action=list`, {})],
    [
      3,
      async () => {
        const found = current();
        if (found === undefined) return;
        found.isDeleted = true;
        const version = current()?.number ?? 0;
        await check(200, { version }, "secret.delete", `${SECRETS}?action=delete`, { path });
      },
    ],
    [
      2,
      async () => {
        const found = versions.findLast(({ isDeleted }) => isDeleted);
        if (found === undefined) return;
        found.isDeleted = false;
        const body = { path, versions: [found.number] };
        await check(200, { version: current()?.number }, "secret.undelete", `${SECRETS}?action=undelete`, body);
      },
    ],
    [
      2,
      async () =>
        await check(409, undefined, "secret.put", SECRETS, { path, values: { v: mine.canary }, cas: 999_999 }),
    ],
    // Paths of the other tenant.
    [
      5,
      async () =>
        await check(401, REFUSED, "secret.get", `${SECRETS}?action=get`, { path: `${other.name}/${index ^ 1}/x` }),
    ],
    [
      2,
      async () =>
        await check(401, REFUSED, "secret.put", SECRETS, { path: `${other.name}/${index ^ 1}/x`, values: {} }),
    ],
    [
      1,
      async () => await check(200, { keys: [] }, "secret.list", `${SECRETS}?action=list`, { prefix: `${other.name}/` }),
    ],
    // Malformed requests.
    [34, async () => await check(400, { err: "api_bad_request" }, "secret.put", SECRETS, `{"path":"${mine.canary}`)],
    [
      16,
      async (n) => {
        const token = n % 2 === 0 ? mine.canary : mine.token.slice(0, -4);
        await check(401, REFUSED, "secret.get", `${SECRETS}?action=get`, { path }, token);
      },
    ],
    [
      5,
      async (n) => {
        const abortedPath = `${mine.name}/gone/${index}`;
        const aborted =
          n % 4 === 0
            ? request("secret.get", `${SECRETS}?action=get`, { path })
            : request("secret.put", SECRETS, {
                path: abortedPath,
                values: { [mine.canary]: `${mine.canary} ${index} ${n}` },
              });
        exchanges.push(await sendAndAbort(url, aborted, async () => await sleep(n % 20)));
      },
    ],
  ];
  const table = steps.flatMap(([share, step]) => Array.from({ length: share }, () => step));
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

const REFUSED = { err: "access_unauthorized" };

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
