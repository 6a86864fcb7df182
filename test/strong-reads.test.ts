import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { startDevDatabase } from "../tools/dev-database/server.ts";
import { startFollower } from "../tools/dev-database/follower/start-follower.ts";
import { applyMigrations } from "../tools/migrate/apply-migrations.ts";
import { scratchFolder } from "../tools/command/scratch-folder.ts";
import { readExternalDatabases } from "./harness/external-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";

/** A replica of the external database, for the real server. */
const REPLICA_URL = process.env["SPIKE_TEST_DATABASE_REPLICA_URL"];

interface Servers {
  readonly replicaUrl: string;
  /** Whether the replica certainly lags. */
  readonly lags: boolean;
  cutOff(): Promise<void>;
  close(): Promise<void>;
}

/** A primary and a replica that lags by ten seconds; or those of the environment. */
async function startServers(): Promise<Servers> {
  const [external] = readExternalDatabases(process.env);
  if (external !== undefined && REPLICA_URL !== undefined) {
    const done = async (): Promise<void> => await Promise.resolve();
    return { replicaUrl: REPLICA_URL, lags: false, cutOff: done, close: done };
  }
  const scratch = scratchFolder();
  const primary = await startDevDatabase({ file: join(scratch.path, "primary.db"), followers: true });
  await applyMigrations({ url: primary.url });
  const file = join(scratch.path, "replica.db");
  const follower = await startFollower({ primaryUrl: primary.url, file, delayMs: 10_000 });
  return {
    replicaUrl: follower.url,
    lags: true,
    cutOff: async () => await follower.cutOff(),
    async close() {
      await follower.close();
      await primary.close();
      await scratch.remove();
    },
  };
}

/** Workers whose only database URL leads to a replica. */
describe("a worker whose LIBSQL_URL leads to a replica", () => {
  let servers: Servers;
  let strong: TestService;
  let weak: TestService;
  beforeAll(async () => {
    servers = await startServers();
    const serviceOn = async (forwardsReads: boolean): Promise<TestService> => {
      const execute = remoteExecute(
        { url: servers.replicaUrl, forwardsReads },
        async (request, init) => await fetch(request, init),
      );
      return await testService(libsqlStore(execute), { requestTimeoutMs: 2000 });
    };
    [strong, weak] = await Promise.all([serviceOn(true), serviceOn(false)]);
  });
  afterAll(async () => await servers.close());

  const path = `strong/${Date.now()}`;
  const policy = {
    name: path.replace("/", "-"),
    spiffeidPattern: "^spiffe://spike\\.ist/app$",
    pathPattern: "^strong/",
    permissions: ["read"],
  };
  const put = async (v: number) => await strong.post(SECRETS, { path, values: { v: String(v) } });

  it("returns each acknowledged write at once, and never a false 404 or 409 (H01)", async () => {
    for (let v = 1; v <= 10; v += 1) {
      expect((await strong.post(SECRETS, { path, values: { v: String(v) }, cas: v - 1 })).status).toBe(200);
      expect((await strong.post(`${SECRETS}?action=get`, { path })).body).toEqual({ data: { v: String(v) } });
    }
    const other = `${path}/once`;
    expect((await strong.post(SECRETS, { path: other, values: {} })).status).toBe(200);
    expect((await strong.post(`${SECRETS}?action=delete`, { path: other })).status).toBe(200);
    expect((await strong.post(`${SECRETS}?action=get`, { path: other })).status).toBe(404);
  });

  it("does not serve a caller whose permission was revoked (H01)", async () => {
    await put(11);
    const get = async (service: TestService) =>
      (await (await service.as("/app"))(`${SECRETS}?action=get`, { path })).status;
    for (let round = 0; round < 5; round += 1) {
      expect((await strong.post(POLICY, policy)).status).toBe(200);
      expect(await get(strong)).toBe(200);
      expect((await strong.post(`${POLICY}?action=delete`, { id: policy.name })).status).toBe(200);
      expect(await get(strong)).toBe(401);
    }
  });

  it("would return old states without the step that makes the replica forward its reads", async () => {
    if (!servers.lags) return;
    await put(12);
    expect((await weak.post(`${SECRETS}?action=get`, { path })).status).not.toBe(200);
  });

  it("is 503 while the replica is cut off, instead of serving an old state", async () => {
    if (!servers.lags) return;
    await servers.cutOff();
    expect((await strong.post(`${SECRETS}?action=get`, { path })).status).toBe(503);
    expect((await strong.fetch(new Request("http://edge.test/readyz"))).status).toBe(503);
  });
});
