import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Execute, Statement } from "../src/store/libsql/execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { withClock, workerAt } from "./harness/clocks.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import type { TestService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const MINUTE = 60_000;
const never = new AbortController().signal;

/** Keeps commits back, like a network or a database that delivers them much later. */
class Wire {
  readonly #execute: Execute;
  #held: (readonly Statement[])[] = [];
  isHolding = false;
  loads = 0;
  commits = 0;
  beforeCommit = (): void => undefined;

  constructor(execute: Execute) {
    this.#execute = execute;
  }

  readonly execute: Execute = async (statements, mode, signal) => {
    if (mode === "read") {
      this.loads += 1;
      return await this.#execute(statements, mode, signal);
    }
    this.commits += 1;
    this.beforeCommit();
    if (!this.isHolding) return await this.#execute(statements, mode, signal);
    this.#held.push(statements);
    throw new StoreUnavailable("connection", "unknown", "no answer");
  };

  /** Delivers the commits that were kept back. Returns how many there were, and how many of them won. */
  async deliver(): Promise<{ readonly delivered: number; readonly won: number }> {
    this.isHolding = false;
    const held = this.#held.splice(0);
    let won = 0;
    for (const statements of held) {
      // The gate, the first statement, returns the revision of a commit that wins.
      const [gate] = await this.#execute(statements, "write", never);
      won += gate?.rows.length ?? 0;
    }
    return { delivered: held.length, won };
  }
}

describe("a commit that arrives late", () => {
  let database: FileDatabase;
  let wire: Wire;
  let service: TestService;
  /** How far the database's clock is from the worker's. */
  let offset: number;
  beforeEach(async () => {
    offset = 0;
    database = await fileDatabase();
    wire = new Wire(withClock(database.execute, () => Date.now() + offset));
    service = await workerAt(libsqlStore(wire.execute), Date.now, { requestTimeoutMs: 400 });
  });
  afterEach(() => database.close());

  const entries = async () => (await service.post("/v1/audit?action=list", {})).body["entries"];
  /** Timers may fire a millisecond before the clock shows it. */
  const afterDeadline = async () => await new Promise((go) => setTimeout(go, 10));
  const withKey = { headers: { "Idempotency-Key": "k" } };

  it.each<readonly [string, string, object]>([
    ["put of a secret", SECRETS, { path: "a", values: { v: "1" } }],
    [
      "put of a policy",
      "/v1/acl/policy",
      { name: "p", spiffeidPattern: "^spiffe://x/y$", pathPattern: "^a$", permissions: ["read"] },
    ],
    ["put of a bundle", "/v1/trust/bundle", { trustDomain: "partner.example", bundle: { keys: [] } }],
  ])(
    "after the 503 of its request is not applied, and its Idempotency-Key applies once: %s (H07)",
    async (_, target, body) => {
      wire.isHolding = true;
      expect((await service.post(target, body, withKey)).status).toBe(503);
      await afterDeadline();
      const { delivered, won } = await wire.deliver();
      expect(delivered).toBeGreaterThan(0);
      expect(won).toBe(0);
      expect(await entries()).toEqual([]);
      const answer = await service.post(target, body, withKey);
      expect(answer).toMatchObject({ status: 200, body: { revision: 1 } });
      expect((await service.post(target, body, withKey)).body).toEqual(answer.body);
      expect(await entries()).toHaveLength(1);
    },
  );

  it("after the 503 is not applied to a secret that has not changed since (H07)", async () => {
    await service.post(SECRETS, { path: "a", values: { v: "1" } });
    wire.isHolding = true;
    expect((await service.post(`${SECRETS}?action=delete`, { path: "a" })).status).toBe(503);
    await afterDeadline();
    expect(await wire.deliver()).toMatchObject({ won: 0 });
    expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).body).toEqual({ data: { v: "1" } });
  });

  it("but before the deadline is applied once, and the request succeeds", async () => {
    wire.isHolding = true;
    const put = service.post(SECRETS, { path: "a", values: { v: "1" } }, withKey);
    while (wire.commits === 0) await new Promise((go) => setTimeout(go, 1));
    expect(await wire.deliver()).toEqual({ delivered: 1, won: 1 });
    expect(await put).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    expect(await entries()).toHaveLength(1);
  });

  it("by the database's clock, which has jumped ahead since the load, is decided again in the same request", async () => {
    wire.beforeCommit = () => (offset = 60 * MINUTE);
    const answer = await service.post(SECRETS, { path: "a", values: { v: "1" } }, withKey);
    expect(answer).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    // The first commit is late. Its answer brings the snapshot for the second one.
    expect([wire.loads, wire.commits]).toEqual([1, 2]);
    expect(await entries()).toHaveLength(1);
  });

  it("is not lost if the database's clock jumps back after the load", async () => {
    wire.beforeCommit = () => (offset = -60 * MINUTE);
    expect((await service.post(SECRETS, { path: "a", values: { v: "1" } })).status).toBe(200);
    expect([wire.loads, wire.commits]).toEqual([1, 1]);
  });

  it("can be applied late by as much as the database's clock was set back, but only once", async () => {
    const put = async () => await service.post(SECRETS, { path: "a", values: { v: "1" } }, withKey);
    wire.isHolding = true;
    expect((await put()).status).toBe(503);
    offset = -MINUTE;
    expect(await wire.deliver()).toMatchObject({ won: 1 });
    expect(await put()).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    expect(await entries()).toHaveLength(1);
  });
});
