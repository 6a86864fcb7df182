import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditRow } from "../src/store/rows.ts";
import { verifyAudit } from "../src/audit/verify-audit.ts";
import { getSecret } from "../src/secret/get.ts";
import { parseSecretPath } from "../src/secret/secret-path.ts";
import { UNRESTRICTED } from "../src/store/access.ts";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import type { BulkStore } from "../src/store/store.ts";
import { PATIENT } from "./harness/attempts.ts";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { storeManySecrets, valueOf } from "./harness/many-secrets.ts";
import { KEY_A, KEY_B, ringOf } from "./harness/service.ts";

const SECRETS = process.env["LONG"] === "1" ? 10_000 : 4000;
const CLIENTS = 4;
/** The number of secrets that are written during the rotation, evenly spread. */
const WRITTEN = 200;

const PATHS: readonly string[] = Array.from({ length: SECRETS }, (_, n) => `app/${String(n).padStart(5, "0")}`);
const BUSY: readonly string[] = PATHS.filter((_, n) => n % (SECRETS / WRITTEN) === 0);

/** Two real workers: one rotates the root key, the other serves. */
describe("rotation of a root key under load (K20)", () => {
  let edge: Cluster;
  let store: BulkStore;
  beforeAll(async () => {
    edge = await cluster(2, {
      SPIKE_ROOT_KEYS: `${KEY_B},${KEY_A}`,
      SPIKE_REQUEST_TIMEOUT_MS: "25000",
      SPIKE_NEXUS_MAX_SECRET_VERSIONS: "10000",
    });
    store = libsqlStore(remoteExecute({ url: edge.database.url }, async (request, init) => await fetch(request, init)));
  });
  afterAll(async () => await edge.close());

  it(`moves ${SECRETS} secrets while ${CLIENTS} clients write: all stay readable and no write is lost`, async () => {
    // The first commit registers both keys. Everything else before the rotation is written under the old key.
    await edge.post(0, "", { path: "first", values: {} });
    await storeManySecrets(store, await ringOf(KEY_A), PATHS);

    const written = new Map<string, { version: number; text: string }>();
    let finished = false;
    let acknowledged = 0;
    const client = async (index: number): Promise<void> => {
      for (let n = index; !finished; n += CLIENTS) {
        const path = BUSY[(n * 7) % BUSY.length]!;
        const v = `client ${index}, write ${n}`;
        const answer = await edge.post(1, "", { path, values: { v } });
        expect(answer.status, answer.text).toBe(200);
        acknowledged += 1;
        const version = Number(answer.body["version"]);
        const text = JSON.stringify({ v });
        if (version > (written.get(path)?.version ?? 0)) written.set(path, { version, text });
      }
    };
    const began = performance.now();
    let rewrapped = 0;
    let lost = 0;
    const rotate = async (): Promise<void> => {
      let after: string | undefined = "";
      while (after !== undefined) {
        const { status, text, body } = await edge.send(0, SUPERUSER, "/v1/operator/rewrap", { after });
        expect(status, text).toBe(200);
        rewrapped += Number(body["rewrapped"]);
        lost += Number(body["lost"]);
        expect(body["failed"]).toEqual([]);
        after = body["next"] as string | undefined;
      }
      finished = true;
    };
    await Promise.all([rotate(), ...Array.from({ length: CLIENTS }, async (_, index) => await client(index))]);
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `rotated ${rewrapped} of ${SECRETS} secrets in ${seconds.toFixed(1)} s, ${(rewrapped / seconds).toFixed(0)} per second; ` +
        `${acknowledged} concurrent writes by ${CLIENTS} clients; ${lost} rows changed by a client first`,
    );
    expect(acknowledged).toBeGreaterThan(CLIENTS);

    // Read without the old key.
    const ring = await ringOf(KEY_B);
    const randomBytes = (length: number) => new Uint8Array(length);
    const deps = { store, ring, attempts: PATIENT, access: UNRESTRICTED, keptVersions: 1, randomBytes };
    const read = async (path: string): Promise<void> => {
      const answer = await getSecret(deps, { path: parseSecretPath(path)!, number: 0 });
      expect(answer).toMatchObject({ ok: true, answer: { text: written.get(path)?.text ?? valueOf(path) } });
    };
    for (let start = 0; start < SECRETS; start += 100) {
      await Promise.all(PATHS.slice(start, start + 100).map(read));
    }
    const audit: AuditRow[] = [];
    for (let more = true; more;) {
      const after = audit.at(-1)?.revision ?? 0;
      const { audit: page } = await store.load({ audit: { after, limit: 1000 } }, PATIENT.deadline);
      audit.push(...page.rows);
      ({ more } = page);
    }
    const puts = audit.filter(({ action }) => action === "put").length;
    expect(puts).toBe(1 + SECRETS + acknowledged);
    expect(audit.filter(({ action }) => action === "rewrap")).toHaveLength(rewrapped);
    expect(
      await verifyAudit({ ...deps, ring: await ringOf(KEY_B, KEY_A) }, { pages: 100, maxMs: 60_000 }),
    ).toMatchObject({
      problems: [],
      entries: audit.length,
    });
  }, 180_000);
});
