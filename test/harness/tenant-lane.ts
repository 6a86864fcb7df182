import type { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Errand, exchange, type Exchange, hangUp, type Tenant } from "./tenant.ts";

/** One request after the other of a tenant, about paths that no other lane writes: what is stored there is known. */
export interface Lane {
  readonly exchanges: readonly Exchange[];
  /** What came back otherwise than it is, or with something of the other tenant in it. */
  readonly faults: readonly string[];
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
  /** Versions that are kept. */
  readonly kept: number;
}): Lane {
  const { url, agent, index, mine, other, kept } = of;
  const exchanges: Exchange[] = [];
  const faults: string[] = [];
  const path = `${mine.name}/${index}/x`;
  let versions: readonly Version[] = [];
  let latest = 0;

  const current = (): Version | undefined => versions.findLast(({ isDeleted }) => !isDeleted);
  const errand = (action: string, target: string, body: Errand["body"], token?: string): Errand => {
    return { tenant: mine, action, target, body, ...(token !== undefined && { token }) };
  };
  /** Sends it, looks for the other in the answer, and tells whether it is the expected one. */
  const ask = async (status: number, expected: unknown, ...about: Parameters<typeof errand>): Promise<void> => {
    const sent = errand(...about);
    const answer = await exchange(url, sent, agent);
    exchanges.push(answer);
    const { text } = answer;
    if ([other.mark, `"${other.name}/`, other.spiffeId, other.token].some((mark) => text.includes(mark))) {
      faults.push(`${sent.action} of ${mine.name} is answered with something of ${other.name}: ${text}`);
    }
    const wanted = JSON.stringify(expected);
    const body = text.slice(text.indexOf("\n\n") + 2);
    const isAsExpected = answer.status === status && (expected === undefined || subset(expected, JSON.parse(body)));
    if (!isAsExpected) faults.push(`${sent.action} of ${path} is not ${status} ${wanted}: ${answer.status} ${body}`);
  };

  const steps: readonly (readonly [share: number, step: (n: number) => Promise<void>])[] = [
    [
      7,
      async (n) => {
        const value = `${mine.mark} ${index} ${n}`;
        const body = { path, values: { [mine.mark]: value } };
        latest += 1;
        versions = [...versions, { number: latest, value, isDeleted: false }].slice(-kept);
        await ask(200, { version: latest }, "secret.put", SECRETS, body);
      },
    ],
    [
      12,
      async () => {
        const found = current();
        const data = found && { data: { [mine.mark]: found.value } };
        await ask(found ? 200 : 404, data, "secret.get", `${SECRETS}?action=get`, { path });
      },
    ],
    [
      3,
      async (n) => {
        const version = versions[n % versions.length];
        if (version === undefined || version.isDeleted) return;
        const { number, value } = version;
        const body = { path, version: number };
        await ask(200, { data: { [mine.mark]: value } }, "secret.get", `${SECRETS}?action=get`, body);
      },
    ],
    [
      4,
      async () => {
        const metadata = { metadata: { currentVersion: current()?.number ?? 0 } };
        const known = latest > 0;
        const target = `${SECRETS}/metadata?action=get`;
        await ask(known ? 200 : 404, known ? metadata : undefined, "secret.metadata", target, { path });
      },
    ],
    [
      3,
      async () => {
        const body = { prefix: `${mine.name}/${index}/` };
        await ask(200, { keys: latest > 0 ? [path] : [] }, "secret.list", `${SECRETS}?action=list`, body);
      },
    ],
    // All that this tenant has: what that is, the other lanes know.
    [1, async () => await ask(200, {}, "secret.list", `${SECRETS}?action=list`, {})],
    [
      3,
      async () => {
        const found = current();
        if (found === undefined) return;
        found.isDeleted = true;
        const version = current()?.number ?? 0;
        await ask(200, { version }, "secret.delete", `${SECRETS}?action=delete`, { path });
      },
    ],
    [
      2,
      async () => {
        const found = versions.findLast(({ isDeleted }) => isDeleted);
        if (found === undefined) return;
        found.isDeleted = false;
        const body = { path, versions: [found.number] };
        await ask(200, { version: current()?.number }, "secret.undelete", `${SECRETS}?action=undelete`, body);
      },
    ],
    [2, async () => await ask(409, undefined, "secret.put", SECRETS, { path, values: { v: mine.mark }, cas: 999_999 })],
    // What is the other's.
    [
      5,
      async () =>
        await ask(401, REFUSED, "secret.get", `${SECRETS}?action=get`, { path: `${other.name}/${index ^ 1}/x` }),
    ],
    [
      2,
      async () => await ask(401, REFUSED, "secret.put", SECRETS, { path: `${other.name}/${index ^ 1}/x`, values: {} }),
    ],
    [
      1,
      async () => await ask(200, { keys: [] }, "secret.list", `${SECRETS}?action=list`, { prefix: `${other.name}/` }),
    ],
    // What is nobody's.
    [34, async () => await ask(400, { err: "api_bad_request" }, "secret.put", SECRETS, `{"path":"${mine.mark}`)],
    [
      16,
      async (n) => {
        const token = n % 2 === 0 ? mine.mark : mine.token.slice(0, -4);
        await ask(401, REFUSED, "secret.get", `${SECRETS}?action=get`, { path }, token);
      },
    ],
    [
      5,
      async (n) => {
        const gone = `${mine.name}/gone/${index}`;
        const about =
          n % 4 === 0
            ? errand("secret.get", `${SECRETS}?action=get`, { path })
            : errand("secret.put", SECRETS, { path: gone, values: { [mine.mark]: `${mine.mark} ${index} ${n}` } });
        exchanges.push(await hangUp(url, about, async () => await sleep(n % 20)));
      },
    ],
  ];
  const table = steps.flatMap(([share, step]) => Array.from({ length: share }, () => step));
  const random = numbers(index);

  return {
    exchanges,
    faults,
    async run(requests) {
      while (exchanges.length < requests) {
        const n = random();
        await table[n % table.length]!(Math.floor(n / table.length));
      }
    },
  };
}

const REFUSED = { err: "access_unauthorized" };

/** Whether all that is expected is there, whatever else is. */
function subset(expected: unknown, found: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return expected === found;
  if (Array.isArray(expected)) return JSON.stringify(expected) === JSON.stringify(found);
  if (typeof found !== "object" || found === null) return false;
  return Object.entries(expected).every(([name, value]) => subset(value, Reflect.get(found, name)));
}

/** The same numbers for the same seed (Numerical Recipes, section 7.1). */
function numbers(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
