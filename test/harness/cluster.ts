import { request } from "node:http";
import { type FaultProxy, faultProxy } from "../../tools/fault-proxy/fault-proxy.ts";
import { type HttpDatabase, httpDatabase } from "./http-database.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./identity.ts";
import { KEY_A, type TestAnswer } from "./service.ts";
import { buildWorker } from "../../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../../tools/workerd/start-worker.ts";

/** Real workers over one real database. Each connects through its own proxy, which injects faults. */
export interface Cluster {
  readonly database: HttpDatabase;
  readonly domain: TestDomain;
  readonly workers: readonly Worker[];
  readonly proxies: readonly FaultProxy[];
  /** Sends a request as the superuser to worker `index`. */
  post(
    index: number,
    target: string,
    body: object,
    options?: { readonly headers?: Readonly<Record<string, string>> },
  ): Promise<TestAnswer>;
  /** Sends a request to worker `index` as the workload with the SPIFFE ID path `as`. */
  send(index: number, as: string, target: string, body: object): Promise<TestAnswer>;
  /**
   * Sends a request as the superuser, and resets the connection when `when` is fulfilled. workerd does not notice a half-closed
   * connection.
   */
  postAndHangUp(index: number, target: string, body: object, when: Promise<unknown>): Promise<void>;
  /** Kills worker `index` and starts a new one. */
  replace(index: number): Promise<void>;
  close(): Promise<void>;
}

export async function cluster(
  size: number,
  env: Readonly<Record<string, string>> = {},
  options: { readonly busyTimeoutMs?: number } = {},
): Promise<Cluster> {
  const [database, domain, built] = await Promise.all([httpDatabase(options), testDomain(), buildWorker()]);
  const proxies = await Promise.all(Array.from({ length: size }, async () => await faultProxy(database.url)));
  const start = async (proxy: FaultProxy): Promise<Worker> =>
    await startWorker(built.folder, {
      LIBSQL_URL: proxy.url,
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
      ...env,
    });
  const workers = await Promise.all(proxies.map(start));
  const token = await domain.token(SUPERUSER);
  const send = async (url: string, headers: Readonly<Record<string, string>>, body: object): Promise<TestAnswer> => {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text), text, headers: response.headers };
  };
  return {
    database,
    domain,
    workers,
    proxies,
    async post(index, target, body, { headers = {} } = {}) {
      const url = `${workers[index]!.url}/v1/store/secrets${target}`;
      return await send(url, { authorization: `Bearer ${token}`, ...headers }, body);
    },
    async send(index, as, target, body) {
      const authorization = `Bearer ${await domain.token(as)}`;
      return await send(`${workers[index]!.url}${target}`, { authorization }, body);
    },
    async postAndHangUp(index, target, body, when) {
      const outgoing = request(`${workers[index]!.url}/v1/store/secrets${target}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      });
      const ended = new Promise<void>((resolve) =>
        outgoing.on("error", () => resolve()).on("response", () => resolve()),
      );
      outgoing.end(JSON.stringify(body));
      await when;
      outgoing.socket?.resetAndDestroy();
      await ended;
    },
    async replace(index) {
      await workers[index]!.kill();
      workers[index] = await start(proxies[index]!);
    },
    async close() {
      await Promise.all(workers.map(async (worker) => await worker.kill()));
      await Promise.all(proxies.map(async (proxy) => await proxy.close()));
      await database.close();
      built.remove();
    },
  };
}
