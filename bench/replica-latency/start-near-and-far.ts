import { setTimeout as sleep } from "node:timers/promises";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import { startFollower } from "../../tools/dev-database/follower/start-follower.ts";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { devFolder, prepareDevFolder } from "../../tools/dev/dev-folder.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, DEV_TRUST_DOMAIN, establishIdentity } from "../../tools/dev/identity.ts";
import { readStore } from "../../tools/dev/read-store.ts";
import { establishSecrets } from "../../tools/dev/secrets.ts";
import { replicaSettings, workerSettings } from "../../tools/dev/worker-settings.ts";
import { faultProxy } from "../../tools/fault-proxy/fault-proxy.ts";
import { applyMigrations } from "../../tools/migrate/apply-migrations.ts";
import { buildWorker } from "../../tools/workerd/build-worker.ts";
import { startWorker } from "../../tools/workerd/start-worker.ts";

/** What a worker uses the replica for. */
export type ReplicaUse = "nothing" | "writes" | "reads and writes";

/** Workers near a replica and far from the primary. */
export interface NearAndFar {
  /** Addresses of the workers. */
  readonly workers: Readonly<Record<ReplicaUse, string>>;
  /** JWT-SVIDs that are valid for an hour. */
  readonly tokens: { readonly superuser: string; readonly app: string };
  /** Sets the time that a round trip to the primary takes longer. */
  setDistance(milliseconds: number): void;
  /** Fulfilled when the replica has all commits. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** The time that a round trip to the replica takes longer. */
const NEAR_MS = 1;

const POLL_MS = 5;

/** Starts a database, a replica, and a worker for each use of the replica, with new keys. */
export async function startNearAndFar(): Promise<NearAndFar> {
  const scratch = scratchFolder();
  const folder = devFolder(`${scratch.path}/state`);
  await prepareDevFolder(folder);
  const identity = await establishIdentity(folder);
  const secrets = await establishSecrets(folder);
  const authToken = secrets.databaseToken;
  const primary = await startDevDatabase({ file: folder.database, authToken, followers: true });
  await applyMigrations({ url: primary.url, authToken });
  const replica = await startFollower({ primaryUrl: primary.url, file: folder.replica, authToken });
  const [far, near] = [await faultProxy(() => primary.url), await faultProxy(() => replica.url)];
  near.inject(() => ({ delayMs: NEAR_MS }));

  const alone = workerSettings({ databaseUrl: far.url, bundle: identity.bundle, secrets }, {});
  const storeId = String(await readStore({ url: primary.url, authToken }, "store_id"));
  const both = { ...alone, ...replicaSettings(near.url, storeId) };
  const built = await buildWorker();
  const start = async (env: Readonly<Record<string, string>>) =>
    await startWorker(built.folder, env, { unheard: true });
  const started = {
    nothing: await start(alone),
    writes: await start({ ...both, SPIKE_REPLICA_READS: "0" }),
    "reads and writes": await start(both),
  };
  const mint = async (sub: string) => await identity.mint(sub, { aud: DEV_AUDIENCE, ttlSeconds: 3600 });
  return {
    workers: {
      nothing: started.nothing.url,
      writes: started.writes.url,
      "reads and writes": started["reads and writes"].url,
    },
    tokens: { superuser: await mint(DEV_SUPERUSER), app: await mint(`spiffe://${DEV_TRUST_DOMAIN}/app`) },
    setDistance: (delayMs) => far.inject(() => (delayMs === 0 ? "pass" : { delayMs })),
    async caughtUp() {
      const revision = async (url: string) => await readStore({ url, authToken }, "revision");
      while ((await revision(replica.url)) !== (await revision(primary.url))) await sleep(POLL_MS);
    },
    async close() {
      await Promise.all(Object.values(started).map(async (worker) => await worker.kill()));
      await Promise.all([far.close(), near.close()]);
      await replica.close();
      await primary.close();
      await scratch.remove();
    },
  };
}
