import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { httpExecute } from "../../../src/store/libsql/http-execute.ts";
import { libsqlStore } from "../../../src/store/libsql/libsql-store.ts";
import { SUPERUSER, type TestDomain } from "../../../test/harness/identity.ts";
import { storeManyPolicies } from "../../../test/harness/many-policies.ts";
import { storeManySecrets } from "../../../test/harness/many-secrets.ts";
import { KEY_A, ringOf } from "../../../test/harness/service.ts";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";
import { type DatabaseProcess, startDatabase } from "../../consistency/cluster/database.ts";
import { fillSecrets } from "./fill-secrets.ts";
import { makeFloorTables } from "./floor-tables.ts";

/** What a store has in it before anything is measured. */
export interface Shape {
  /** Secrets `app/s0`, `app/s1`, … of one version each. */
  readonly secrets: number;
  /** Policies, one of which lets `/app` do everything below `app/`; the others are of other teams. */
  readonly policies: number;
  /** Policies beyond those whose patterns begin with nothing that an index could find: each is tried on each request. */
  readonly unanchored?: number;
  readonly keptVersions?: number;
}

/** A database with things in it, and our worker in front. */
export interface Stage {
  readonly env: Readonly<Record<string, string>>;
  readonly database: DatabaseProcess;
  readonly worker: Worker;
  readonly secrets: number;
  /** JWT-SVIDs, good for an hour. */
  readonly app: string;
  readonly superuser: string;
  /** Sends what has to succeed before anything is measured, as the superuser. */
  post(target: string, body: object): Promise<void>;
  /** Starts one more worker over the same database. */
  startWorker(): Promise<Worker>;
  close(): Promise<void>;
}

/** What stages are made of. */
export interface Ground {
  readonly folder: string;
  /** Where the built worker is. */
  readonly built: string;
  readonly domain: TestDomain;
}

const ROOT_KEY = KEY_A;

export async function openStage({ folder, built, domain }: Ground, shape: Shape): Promise<Stage> {
  const database = await startDatabase(mkdtempSync(join(folder, "database-")));
  await fill(database, shape);
  const env = {
    LIBSQL_URL: database.url(),
    SPIKE_ROOT_KEYS: ROOT_KEY,
    SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    ...(shape.keptVersions !== undefined && { SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(shape.keptVersions) }),
  };
  const start = async (): Promise<Worker> => await startWorker(built, env, { unheard: true });
  const workers = [await start()];
  const worker = workers[0]!;
  const superuser = await domain.token(SUPERUSER);
  const post = async (target: string, body: object): Promise<void> => {
    const headers = { Authorization: `Bearer ${superuser}` };
    const answer = await fetch(`${worker.url}${target}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`Cannot set the stage: ${answer.status} ${await answer.text()}`);
  };
  await post("/v1/acl/policy", {
    name: "app",
    spiffeidPattern: `^spiffe://${domain.name.replaceAll(".", String.raw`\.`)}/app$`,
    pathPattern: "^app/",
    permissions: ["read", "write", "list"],
  });
  return {
    env,
    database,
    worker,
    secrets: shape.secrets,
    app: await domain.token("/app"),
    superuser,
    post,
    async startWorker() {
      const more = await start();
      workers.push(more);
      return more;
    },
    async close() {
      await Promise.all(workers.map(async (one) => await one.kill()));
      await database.kill();
    },
  };
}

const signal = new AbortController().signal;

async function fill(database: DatabaseProcess, shape: Shape): Promise<void> {
  const ring = await ringOf(ROOT_KEY);
  const store = libsqlStore(httpExecute({ url: database.url() }, fetch));
  // The store is signed by its first commit.
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
  client.close();
  const snapshot = await store.load({}, signal);
  await database.kill();
  await fillSecrets(database.file, { ring, snapshot }, { count: shape.secrets, pathOf: (n) => `app/s${n}` });
  makeFloorTables(database.file);
  await database.start();
}
