import { createClient } from "@libsql/client";
import { remoteExecute } from "../../../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../../../src/store/libsql/libsql-store.ts";
import { insertPathsSql, numberedPathsSql } from "../../../test/harness/bare-paths.ts";
import type { ExternalDatabase } from "../../../test/harness/external-database.ts";
import { SUPERUSER, type TestDomain } from "../../../test/harness/identity.ts";
import { storeManyPolicies } from "../../../test/harness/many-policies.ts";
import { storeManySecrets } from "../../../test/harness/many-secrets.ts";
import { KEY_A, ringOf } from "../../../test/harness/service.ts";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";
import { BASELINE_TABLES } from "./baseline.ts";
import { type BenchDatabase, openBenchDatabase } from "./bench-database.ts";
import { fillSecrets } from "./fill-secrets.ts";

/** The content of a store before a benchmark starts. */
export interface StoreShape {
  /** Number of secrets, named `app/s0`, `app/s1`, … with one version each. */
  readonly secrets: number;
  /** Number of policies. One grants `/app` everything below `app/`; the others belong to other teams. */
  readonly policies: number;
  /** Number of additional policies whose patterns have no literal prefix. They are tried on each request. */
  readonly unanchored?: number;
  /** Number of additional secrets whose paths have 500 characters: `big/000000…`, `big/000001…`. They can be listed only. */
  readonly longPaths?: number;
  /** Number of additional policies with costly patterns. They grant the workload `/app` nothing. */
  readonly costly?: number;
  readonly keptVersions?: number;
}

/** A filled database with a worker in front of it. */
export interface Deployment {
  readonly env: Readonly<Record<string, string>>;
  readonly worker: Worker;
  /** Number of secrets. */
  readonly secrets: number;
  /** JWT-SVID of a workload, valid for an hour. */
  readonly app: string;
  /** JWT-SVID of the superuser, valid for an hour. */
  readonly superuser: string;
  /** Sends a preparing request as the superuser. @throws Error if it fails */
  post(target: string, body: object): Promise<void>;
  /** Starts another worker over the same database. */
  startWorker(): Promise<Worker>;
  close(): Promise<void>;
}

export interface DeploymentOptions {
  /** Folder for the database. */
  readonly folder: string;
  /** Folder of the built worker. */
  readonly built: string;
  readonly domain: TestDomain;
  /** Replaces the database that a deployment starts. */
  readonly database?: ExternalDatabase | undefined;
}

const ROOT_KEY = KEY_A;

export async function startDeployment(
  { folder, built, domain, database: external }: DeploymentOptions,
  shape: StoreShape,
): Promise<Deployment> {
  const database = await openBenchDatabase(folder, external);
  await fillStore(database, shape);
  const env = {
    ...database.settings(),
    SPIKE_ROOT_KEYS: ROOT_KEY,
    SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    ...(shape.keptVersions !== undefined && { SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(shape.keptVersions) }),
  };
  const start = async (): Promise<Worker> => await startWorker(built, env, { unheard: true });
  const worker = await start();
  const workers = [worker];
  const superuser = await domain.token(SUPERUSER);
  const post = async (target: string, body: object): Promise<void> => {
    const headers = { Authorization: `Bearer ${superuser}` };
    const response = await fetch(`${worker.url}${target}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`Cannot prepare the store: ${response.status} ${await response.text()}`);
  };
  await post("/v1/acl/policy", {
    name: "app",
    spiffeidPattern: `^spiffe://${domain.name.replaceAll(".", String.raw`\.`)}/app$`,
    pathPattern: "^app/",
    permissions: ["read", "write", "list"],
  });
  return {
    env,
    worker,
    secrets: shape.secrets,
    app: await domain.token("/app"),
    superuser,
    post,
    async startWorker() {
      const another = await start();
      workers.push(another);
      return another;
    },
    async close() {
      await Promise.all(workers.map(async (each) => await each.kill()));
      await database.close();
    },
  };
}

const signal = new AbortController().signal;

const LONG_PATH = 500;

async function fillStore(database: BenchDatabase, shape: StoreShape): Promise<void> {
  const ring = await ringOf(ROOT_KEY);
  const store = libsqlStore(remoteExecute({ url: database.url() }, fetch));
  // The first commit signs the store row.
  await storeManySecrets(store, ring, ["first"]);
  const client = createClient({ url: database.url() });
  await storeManyPolicies(
    { client, ring },
    {
      count: shape.policies - 1,
      patternsOf: (n) => ({
        spiffeIdPattern: String.raw`^spiffe://spike\.ist/team-${n}/app$`,
        pathPattern: `^team-${n}/`,
      }),
    },
  );
  if (shape.unanchored !== undefined) {
    const patternsOf = (n: number) => ({ spiffeIdPattern: `spiffe://.*/team-${n}$`, pathPattern: `team-${n}$` });
    await storeManyPolicies({ client, ring }, { count: shape.unanchored, patternsOf, name: "unanchored" });
  }
  if (shape.costly !== undefined) {
    const patternsOf = (n: number) => ({
      spiffeIdPattern: `spiffe://.*team-${n}${String.raw`\b?()\PN(a*)*`.repeat(19)}`,
      pathPattern: "app/",
    });
    await storeManyPolicies({ client, ring }, { count: shape.costly, patternsOf, name: "costly" });
  }
  client.close();
  const snapshot = await store.load({}, signal);
  await database.fill(async (writer) => {
    await fillSecrets(writer, { ring, snapshot }, { count: shape.secrets, pathOf: (n) => `app/s${n}` });
    if (shape.longPaths !== undefined) {
      const sql = insertPathsSql(numberedPathsSql(shape.longPaths, "big/", { length: LONG_PATH }));
      await writer.write([{ sql, args: [] }]);
    }
    await writer.write(BASELINE_TABLES.map((sql) => ({ sql, args: [] })));
  });
}
