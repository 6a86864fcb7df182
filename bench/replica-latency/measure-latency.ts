import { quantile } from "../speed/statistics.ts";
import type { NearAndFar, ReplicaUse } from "./start-near-and-far.ts";

/** Medians in milliseconds. */
export interface Latency {
  readonly distanceMs: number;
  readonly use: ReplicaUse;
  readonly get: number;
  readonly put: number;
}

/** How much longer a round trip to the primary takes. */
const DISTANCES_MS = [0, 20, 80];
const USES: readonly ReplicaUse[] = ["nothing", "writes", "reads and writes"];

/** So many that the replica has applied a put long before the next one to the same secret. */
const SECRETS = 100;
const PATHS = Array.from({ length: SECRETS }, (_, index) => `app/s${index}`);
const WARM_UP = 20;

const ALONE_ONCE = /^db;dur=\d+;desc="1 round trip"$/;
const ALONE_TWICE = /^db;dur=\d+;desc="2 round trips"$/;
const NEAR = /^db;dur=\d+;desc="1 round trip", replica;dur=\d+;desc="1 round trip"$/;
const NEAR_AND_FAR = /"2 round trips", primary;dur=\d+;desc="1 round trip", replica;dur=\d+;desc="1 round trip"$/;

/** The `Server-Timing` of a get. */
const READ_SOURCES = { nothing: ALONE_ONCE, writes: ALONE_ONCE, "reads and writes": NEAR } as const;
/** The `Server-Timing` of a put. */
const WRITE_SOURCES = { nothing: ALONE_TWICE, writes: NEAR_AND_FAR, "reads and writes": NEAR_AND_FAR } as const;

/** Sends one request after the other. Checks each response, and which servers answered. */
export async function measureLatency(
  servers: NearAndFar,
  { requests, print }: { readonly requests: number; readonly print: (line: string) => void },
): Promise<readonly Latency[]> {
  await fillStore(servers);
  const latencies: Latency[] = [];
  for (const distanceMs of DISTANCES_MS) {
    servers.setDistance(distanceMs);
    for (const use of USES) {
      const put = await median(requests, WRITE_SOURCES[use], async (path) => await putSecret(servers, use, path));
      await servers.caughtUp();
      const get = await median(requests, READ_SOURCES[use], async (path) => await getSecret(servers, use, path));
      print(`${distanceMs} ms, replica for ${use}: get ${get.toFixed(1)} ms, put ${put.toFixed(1)} ms`);
      latencies.push({ distanceMs, use, get, put });
    }
  }
  return latencies;
}

async function fillStore(servers: NearAndFar): Promise<void> {
  servers.setDistance(0);
  const { superuser } = servers.tokens;
  const granted = { pathPattern: "^app/", permissions: ["read", "write"] };
  const policy = { name: "app", spiffeidPattern: "^spiffe://spike\\.ist/app$", ...granted };
  await post(servers.workers.nothing, { token: superuser, target: "acl/policy", body: policy });
  // This worker also writes the heartbeat.
  for (const path of PATHS) await putSecret(servers, "reads and writes", path);
  await servers.caughtUp();
}

async function median(count: number, sources: RegExp, send: (path: string) => Promise<Response>): Promise<number> {
  const times = [];
  for (let index = 0; index < WARM_UP + count; index += 1) {
    const began = performance.now();
    const { headers } = await send(PATHS[index % SECRETS] ?? "");
    if (index >= WARM_UP) times.push(performance.now() - began);
    const timing = headers.get("server-timing") ?? "";
    if (!sources.test(timing)) throw new Error(`Cannot measure: a request had the round trips ${timing}`);
  }
  return quantile(times, 0.5);
}

async function putSecret({ workers, tokens }: NearAndFar, use: ReplicaUse, path: string): Promise<Response> {
  const body = { path, values: { password: "x".repeat(32) } };
  return await post(workers[use], { token: tokens.app, target: "store/secrets", body });
}

async function getSecret({ workers, tokens }: NearAndFar, use: ReplicaUse, path: string): Promise<Response> {
  return await post(workers[use], { token: tokens.app, target: "store/secrets?action=get", body: { path } });
}

async function post(
  worker: string,
  { token, target, body }: { readonly token: string; readonly target: string; readonly body: object },
): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${worker}/v1/${target}`, { method: "POST", headers, body: JSON.stringify(body) });
  // The time of the body counts.
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Cannot measure ${target}: ${response.status} ${text}`);
  return response;
}
