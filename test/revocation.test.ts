import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { SUPERUSER } from "./harness/identity.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const CLIENTS = 32;

interface Entry {
  readonly revision: number;
  readonly action: string;
  readonly spiffeId: string;
}

/** Two real workers over one database. A policy is revoked through one of them while both serve writes that it permits. */
describe("a policy revoked while 32 clients write", () => {
  let edge: Cluster;
  beforeAll(async () => {
    edge = await cluster(2, { SPIKE_REQUEST_TIMEOUT_MS: "20000", SPIKE_NEXUS_MAX_SECRET_VERSIONS: "1000" });
  });
  afterAll(async () => await edge.close());

  const superuser = async (target: string, body: object) => await edge.send(0, SUPERUSER, target, body);
  const policy = { name: "writers", spiffeidPattern: "^spiffe://spike\\.ist/writer/", pathPattern: "^shared/" };
  const entriesOf = async (filter: object) => {
    const { body } = await superuser("/v1/audit?action=list", { ...filter, limit: 1000 });
    expect(body).not.toHaveProperty("next");
    return body["entries"] as readonly Entry[];
  };

  it.each([
    ["deleted", async () => await superuser(`${POLICY}?action=delete`, { id: policy.name })],
    ["replaced by a read-only one", async () => await superuser(POLICY, { ...policy, permissions: ["read"] })],
  ])(
    "%s: no write that it permitted commits after that revision, and no acknowledged write is lost",
    async (how, revoke) => {
      expect((await superuser(POLICY, { ...policy, permissions: ["write"] })).status).toBe(200);
      const acknowledged: { readonly path: string; readonly version: number; readonly revision: number }[] = [];
      let writing = 0;
      const client = async (n: number) => {
        // Half of the clients write to the same path.
        const path = n % 2 === 0 ? `shared/${how[0]}/hot` : `shared/${how[0]}/${n}`;
        for (let round = 0; ; round += 1) {
          writing += 1;
          const answer = await edge.send(n % 2, `/writer/${n}`, SECRETS, { path, values: { v: `${n} ${round}` } });
          if (answer.status === 401) return round;
          expect([200, 503], answer.text).toContain(answer.status);
          if (answer.status === 200)
            acknowledged.push({ path, ...(answer.body as { version: number; revision: number }) });
        }
      };
      const clients = Array.from({ length: CLIENTS }, async (_, n) => await client(n));
      while (writing < CLIENTS * 3) await new Promise((go) => setTimeout(go, 5));
      const revoked = await revoke();
      expect(revoked.status).toBe(200);
      const end = Number(revoked.body["revision"]);
      const rounds = await Promise.all(clients);
      expect(rounds.reduce((sum, round) => sum + round, 0)).toBeGreaterThan(CLIENTS);

      const after = (await entriesOf({ after: end })).filter(({ spiffeId }) => spiffeId.includes("/writer/"));
      expect(after).toEqual([]);
      const all = await entriesOf({ resource: `secret:shared/${how[0]}/hot` });
      const committed = new Set(all.map(({ revision }) => revision));
      const hot = acknowledged.filter(({ path }) => path.endsWith("hot"));
      expect(hot.length).toBeGreaterThan(0);
      expect(hot.every(({ revision }) => revision < end && committed.has(revision))).toBe(true);
      expect(new Set(hot.map(({ version }) => version)).size).toBe(hot.length);
    },
  );
});
