import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "@libsql/client";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { type Fault, isCommit } from "../tools/fault-proxy/fault-proxy.ts";

/** More in the long suite. */
const STORMS = process.env["LONG"] === "1" ? 60 : 1;

const dense = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

/** Two real `workerd` processes with one real database: what one acknowledges, the other sees. */
describe("two workers over one database", () => {
  let edge: Cluster;
  beforeAll(async () => {
    // A longer deadline than the default, for slow machines: this tests that nothing is lost, not speed.
    edge = await cluster(2, { SPIKE_REQUEST_TIMEOUT_MS: "25000", SPIKE_NEXUS_MAX_SECRET_VERSIONS: "200" });
  });
  afterAll(async () => await edge.close());
  afterEach(() => edge.proxies.forEach((proxy) => proxy.inject(() => "pass")));

  const values = (v: string) => ({ values: { v } });
  const get = async (index: number, path: string, version = 0) => {
    const answer = await edge.post(index, "?action=get", { path, version });
    return answer.status === 200 ? (answer.body["data"] as { v: string }).v : answer.status;
  };
  const audit = async (path: string) => {
    const client = createClient({ url: edge.database.url });
    const { rows } = await client.execute({
      sql: "SELECT revision, write_id, action FROM audit WHERE resource = ? ORDER BY revision",
      args: [`secret:${path}`],
    });
    client.close();
    return rows;
  };
  const everyRevision = async () => {
    const client = createClient({ url: edge.database.url });
    const { rows } = await client.execute("SELECT revision FROM audit ORDER BY revision");
    const store = await client.execute("SELECT revision FROM store");
    client.close();
    return { audit: rows.map((row) => Number(row["revision"])), store: Number(store.rows[0]?.["revision"]) };
  };

  it("reads through one worker what was written through the other", async () => {
    expect(await edge.post(0, "", { path: "first", ...values("1") })).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
    expect(await get(1, "first")).toBe("1");
    expect(await edge.post(1, "", { path: "first", ...values("2") })).toMatchObject({
      status: 200,
      body: { version: 2 },
    });
    expect([await get(0, "first"), await get(0, "first", 1)]).toEqual(["2", "1"]);
  });

  it("acknowledges 64 concurrent puts to one path: numbered 1 to 64, readable, audited once, with dense revisions", async () => {
    const puts = dense(64).map(async (n) => ({
      n,
      answer: await edge.post(n % 2, "", { path: "hot", ...values(`value ${n}`) }),
    }));
    const done = await Promise.all(puts);
    expect(done.filter(({ answer }) => answer.status !== 200).map(({ answer }) => answer.text)).toEqual([]);
    const numbers = done.map(({ answer }) => Number(answer.body["version"]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(dense(64));
    for (const { n, answer } of done) {
      expect(await get((n + 1) % 2, "hot", Number(answer.body["version"]))).toBe(`value ${n}`);
    }
    const entries = await audit("hot");
    expect(entries.map((entry) => Number(entry["revision"]))).toEqual(
      done.map(({ answer }) => Number(answer.body["revision"])).toSorted((a, b) => a - b),
    );
    expect(new Set(entries.map((entry) => entry["write_id"])).size).toBe(64);
    const revisions = await everyRevision();
    expect(revisions.audit).toEqual(dense(revisions.store));
  });

  it("lets one of 16 concurrent puts with the same cas win, and reports a conflict to the others", async () => {
    await edge.post(0, "", { path: "cas", ...values("0") });
    const puts = dense(16).map(async (n) => await edge.post(n % 2, "", { path: "cas", cas: 1, ...values(`${n}`) }));
    const statuses = (await Promise.all(puts)).map((answer) => answer.status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: 15 }, () => 409)]);
    expect(await audit("cas")).toHaveLength(2);
  });

  it("writes one version for 20 concurrent requests with one Idempotency-Key and lost answers, and gives all the same answer", async () => {
    let commits = 0;
    const cutMostAnswers = (body: string): Fault => {
      if (!isCommit(body)) return "pass";
      commits += 1;
      return commits % 3 === 0 ? "pass" : commits % 2 === 0 ? "cut-answer" : "cut-half-answer";
    };
    edge.proxies.forEach((proxy) => proxy.inject(cutMostAnswers));
    const headers = { "Idempotency-Key": "the-one" };
    const puts = dense(20).map(async (n) => await edge.post(n % 2, "", { path: "once", ...values("x") }, { headers }));
    const answers = await Promise.all(puts);
    expect([...new Set(answers.map((answer) => `${answer.status} ${answer.text}`))]).toHaveLength(1);
    expect(answers[0]).toMatchObject({ status: 200, body: { version: 1 } });
    expect(commits).toBeGreaterThan(1);
    expect(await audit("once")).toHaveLength(1);
    expect((await edge.post(0, "", { path: "once", ...values("y") }, { headers })).status).toBe(422);
  });

  it.each(dense(STORMS))(
    "loses nothing and applies nothing twice in storm %i of writes under every fault",
    async (storm) => {
      const path = `storm/${storm}`;
      const FAULTS: readonly Fault[] = [
        "pass",
        "cut-answer",
        "cut-request",
        "cut-half-answer",
        "twice",
        { status: 502 },
        { status: 429 },
        { body: "<html>" },
        { body: "{}" },
        { body: '{"baton":null,"base_url":null,"results":[]}' },
        { delayMs: 30 },
      ];
      // The high bits of a linear congruential generator, so that storms differ and can be repeated.
      let state = storm;
      const nextFault = (): Fault => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return FAULTS[(state >>> 16) % FAULTS.length]!;
      };
      edge.proxies.forEach((proxy) => proxy.inject(nextFault));
      const puts = dense(24).map(async (n) => await edge.post(n % 2, "", { path, ...values(`value ${n}`) }));
      const answers = await Promise.all(puts);
      edge.proxies.forEach((proxy) => proxy.inject(() => "pass"));
      const won = answers.flatMap(({ status, body }, index) =>
        status === 200 ? [{ number: Number(body["version"]), value: `value ${index + 1}` }] : [],
      );
      expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
      expect(won.length).toBeGreaterThan(12);
      for (const { number, value } of won) expect(await get(0, path, number)).toBe(value);
      const stored = await Promise.all((await audit(path)).map(async (_, index) => await get(1, path, index + 1)));
      expect(new Set(stored).size, "each value at most once").toBe(stored.length);
    },
  );

  it("keeps every acknowledged write if a worker is killed during commits, and the other continues", async () => {
    edge.proxies[0]!.inject((body) => (isCommit(body) ? { delayMs: 150 } : "pass"));
    const interrupted = dense(6).map(async (n) => {
      try {
        return await edge.post(
          0,
          "",
          { path: `interrupted/${n}`, ...values(`${n}`) },
          { headers: { "Idempotency-Key": `d${n}` } },
        );
      } catch {
        return undefined;
      }
    });
    const uninterrupted = dense(6).map(
      async (n) => await edge.post(1, "", { path: "uninterrupted", ...values(`${n}`) }),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await edge.replace(0);
    await Promise.all(interrupted);
    expect((await Promise.all(uninterrupted)).map((answer) => answer.status)).toEqual(
      Array.from({ length: 6 }, () => 200),
    );
    // With the same keys, repeated writes are applied once, whether or not the first attempt was.
    edge.proxies[0]!.inject(() => "pass");
    for (const n of dense(6)) {
      const headers = { "Idempotency-Key": `d${n}` };
      const again = await edge.post(n % 2, "", { path: `interrupted/${n}`, ...values(`${n}`) }, { headers });
      expect(again).toMatchObject({ status: 200, body: { version: 1 } });
      expect(await audit(`interrupted/${n}`)).toHaveLength(1);
    }
    const revisions = await everyRevision();
    expect(revisions.audit).toEqual(dense(revisions.store));
  });
});
