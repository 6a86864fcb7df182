import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseTrustDomain } from "../src/identity/spiffe-id.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { putBundle } from "../src/trust/put.ts";
import { UNRESTRICTED } from "../src/store/access.ts";
import { PATIENT } from "./harness/attempts.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./harness/identity.ts";
import { KEY_A, ringOf, type TestService, testService } from "./harness/service.ts";

const BUNDLE = "/v1/trust/bundle";
const SECRETS = "/v1/store/secrets";

/** An attacker with write access to the database cannot impersonate an identity. */
describe("an attacker with write access to the database, and trust bundles", () => {
  let partner: TestDomain;
  let successor: TestDomain;
  let attacker: TestDomain;
  beforeAll(async () => {
    partner = await testDomain("partner.org", "k1");
    successor = await testDomain("partner.org", "k2");
    attacker = await testDomain("partner.org", "k1");
  });

  let database: FileDatabase;
  let service: TestService;
  beforeEach(async () => {
    database = await fileDatabase();
    service = await testService(libsqlStore(database.execute));
    await service.post(SECRETS, { path: "app/a", values: { v: "1" } });
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://partner\\.org/web$",
      pathPattern: "^app/",
      permissions: ["read"],
    };
    expect((await service.post("/v1/acl/policy", policy)).status).toBe(200);
    await put(partner);
    await put(attacker, "attacker.org");
  });
  afterEach(() => database.close());

  const put = async (domain: TestDomain, trustDomain = "partner.org") =>
    expect((await service.post(BUNDLE, { trustDomain, bundle: domain.bundle })).status).toBe(200);
  const sql = async (...statements: string[]) => {
    for (const statement of statements) await database.client.execute(statement);
  };
  const readAs = async (domain: TestDomain) => {
    const headers = { authorization: `Bearer ${await domain.token("/web")}` };
    return (await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers })).status;
  };
  /** The bundle authenticates no identity and is not listed. The log names the reason. */
  const expectIgnored = async (reason: string) => {
    const { rows } = await database.client.execute(
      "SELECT bundle FROM trust_bundles WHERE trust_domain = 'partner.org'",
    );
    for (const domain of [partner, successor, attacker]) {
      service.log.length = 0;
      expect(await readAs(domain)).toBe(401);
      // A bundle without the key that the token names is not loaded.
      const keyId = domain === successor ? '"k2"' : '"k1"';
      const isLoaded = JSON.stringify(rows[0]?.["bundle"]).includes(JSON.stringify(keyId).slice(1, -1));
      if (!isLoaded) continue;
      expect(service.log).toMatchObject([{ level: "error", event: "bundle_ignored", reason }]);
      expect(service.audit.at(-1)).toMatchObject({ outcome: "unauthorized", reason: "bundle-not-authentic" });
    }
    const listed = (await service.post(`${BUNDLE}?action=list`, {})).body["bundles"] as { trustDomain: string }[];
    expect(listed.map(({ trustDomain }) => trustDomain)).toEqual(["attacker.org"]);
    expect((await service.post(`${BUNDLE}?action=get`, { trustDomain: "partner.org" })).status).toBe(500);
  };

  it("the stored bundle authenticates only its own workload", async () => {
    expect([await readAs(partner), await readAs(attacker)]).toEqual([200, 401]);
  });

  it.each<readonly [string, string, string]>([
    ["inserts its own keys", "bundle = json('${BUNDLE}')", "seal_not_authentic"],
    ["raises the sequence", "sequence = '99'", "seal_not_authentic"],
    ["changes the endpoint", "endpoint_url = 'https://evil.example/'", "seal_not_authentic"],
    ["changes the write id", "write_id = 'x'", "seal_not_authentic"],
    ["changes the epoch", "epoch = epoch - 1", "seal_not_authentic"],
    ["changes the epoch to one that is not reached yet", "epoch = epoch + 9", "seal_inconsistent"],
    ["changes the base", "base = base - 1", "seal_not_authentic"],
    ["changes the row version", "version = version - 1", "seal_inconsistent"],
    [
      "copies the bundle of another domain",
      "bundle = (SELECT bundle FROM trust_bundles WHERE trust_domain = 'attacker.org'), mac = (SELECT mac FROM trust_bundles WHERE trust_domain = 'attacker.org')",
      "seal_inconsistent",
    ],
    ["replaces the bundle by something malformed", "bundle = '{\"keys\":7}'", "seal_not_authentic"],
    ["names an unknown key", "key_id = 'zz'", "seal_unknown_key"],
  ])("%s", async (_, assignment, reason) => {
    const forged = assignment.replace("${BUNDLE}", JSON.stringify(attacker.bundle));
    await sql(`UPDATE trust_bundles SET ${forged} WHERE trust_domain = 'partner.org'`);
    await expectIgnored(reason);
  });

  it("renames the row of another domain (K02)", async () => {
    await sql(
      "DELETE FROM trust_bundles WHERE trust_domain = 'partner.org'",
      "INSERT INTO trust_bundles SELECT 'partner.org', version, write_id, base, epoch, slot, bundle, sequence, endpoint_url, endpoint_profile, refresh_hint, fetched_at, key_id, mac FROM trust_bundles WHERE trust_domain = 'attacker.org'",
    );
    await expectIgnored("seal_inconsistent");
  });

  it("restores a bundle with a revoked key", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM trust_bundles WHERE trust_domain = 'partner.org'");
    await put(successor);
    expect([await readAs(partner), await readAs(successor)]).toEqual([401, 200]);
    await sql(
      "DELETE FROM trust_bundles WHERE trust_domain = 'partner.org'",
      "INSERT INTO trust_bundles SELECT * FROM old",
    );
    await expectIgnored("seal_inconsistent");
    await sql(
      "UPDATE trust_bundles SET version = (SELECT max(revision) FROM audit WHERE resource = 'bundle:partner.org')",
    );
    service.log.length = 0;
    expect(await readAs(partner)).toBe(401);
  });

  it("restores a deleted bundle", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM trust_bundles WHERE trust_domain = 'partner.org'");
    const removal = { trustDomain: "partner.org" };
    expect((await service.post(`${BUNDLE}?action=delete`, removal)).status).toBe(200);
    await sql("INSERT INTO trust_bundles SELECT * FROM old");
    await expectIgnored("seal_inconsistent");
  });

  it("deletes a bundle without an audit entry: 401 for its identities, 500 for a get", async () => {
    await sql("DELETE FROM trust_bundles WHERE trust_domain = 'partner.org'");
    expect(await readAs(partner)).toBe(401);
    expect((await service.post(`${BUNDLE}?action=get`, { trustDomain: "partner.org" })).status).toBe(500);
    expect(service.log.at(-1)).toMatchObject({ reason: "seal_inconsistent" });
  });

  it("alters the sequence: the audit entry still has it (B07)", async () => {
    const putAt = async (sequence: number) =>
      (
        await service.post(BUNDLE, {
          trustDomain: "partner.org",
          bundle: { ...partner.bundle, spiffe_sequence: sequence },
        })
      ).status;
    expect([await putAt(5), await putAt(4)]).toEqual([200, 409]);
    await sql("UPDATE trust_bundles SET sequence = '1' WHERE trust_domain = 'partner.org'");
    expect([await putAt(4), await putAt(5)]).toEqual([409, 200]);
    await sql("UPDATE trust_bundles SET sequence = '1' WHERE trust_domain = 'partner.org'");
    const endpointOnly = { trustDomain: "partner.org", endpointUrl: "https://partner.org/" };
    expect((await service.post(BUNDLE, endpointOnly)).status).toBe(409);
  });

  it("alters a row: the operator can replace or delete the bundle", async () => {
    await sql("UPDATE trust_bundles SET sequence = '99' WHERE trust_domain = 'partner.org'");
    await put(successor);
    expect(await readAs(successor)).toBe(200);
    await sql("UPDATE trust_bundles SET sequence = '99' WHERE trust_domain = 'partner.org'");
    expect((await service.post(`${BUNDLE}?action=delete`, { trustDomain: "partner.org" })).status).toBe(200);
  });

  it("an authentic stored bundle for a static domain is not used, so it grants no role", async () => {
    const own = await testDomain(service.domain.name, "k9");
    const deps = {
      store: libsqlStore(database.execute),
      ring: await ringOf(KEY_A),
      attempts: PATIENT,
      randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
      access: UNRESTRICTED,
      reportBundle: () => undefined,
      // The bundle was stored when this domain was not configured.
      isStatic: () => false,
    };
    const wanted = { trustDomain: own.name, bundle: JSON.stringify(own.bundle), endpointUrl: "", endpointProfile: "" };
    const origin = { caller: "spiffe://spike.ist/x", idempotencyKey: undefined, traceId: "t" };
    expect((await putBundle(deps, { ...wanted, ...origin, cas: undefined })).ok).toBe(true);
    expect(parseTrustDomain(own.name)).toBeDefined();
    const headers = { authorization: `Bearer ${await own.token(SUPERUSER)}` };
    const answer = await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers });
    expect(answer.status).toBe(401);
    expect(service.audit.at(-1)).toMatchObject({ reason: "key-unknown", roundTrips: 0 });
    // It can still be deleted.
    expect((await service.post(`${BUNDLE}?action=delete`, { trustDomain: own.name })).status).toBe(200);
  });

  it("the audit check counts changes of bundles as changes of permissions", async () => {
    await put(successor);
    await service.post(`${BUNDLE}?action=delete`, { trustDomain: "attacker.org" });
    expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ entries: 6, problems: [] });
    await sql("UPDATE store SET epoch = epoch - 1");
    expect((await service.post(`${SECRETS}?action=get`, { path: "app/a" })).status).toBe(500);
  });
});
