import { describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Change, Store } from "../src/store/store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const never = new AbortController().signal;

/**
 * A service over a primary and a replica that lags behind. `loseOneCommit`: the next commit is applied, its answer is lost, and
 * the given number of loads come from the replica, which lacks the last `behind` commits.
 */
async function laggingService() {
  const now = Date.now;
  const primary = memoryStore({ storeId: "s", now });
  const replica = memoryStore({ storeId: "s", now });
  const applied: Change[] = [];
  let onReplica = 0;
  let staleLoads = 0;
  let losing: { readonly behind: number; readonly loads: number } | undefined;
  const catchUp = async (until: number): Promise<void> => {
    for (; onReplica < until; onReplica += 1) {
      expect((await replica.commit(applied[onReplica]!, {}, never)).won).toBe(true);
    }
  };
  const store: Store = {
    async load(query, signal) {
      if (staleLoads === 0) return await primary.load(query, signal);
      staleLoads -= 1;
      return await replica.load(query, signal);
    },
    async commit(change, query, signal) {
      const result = await primary.commit(change, query, signal);
      if (result.won) applied.push(change);
      if (losing === undefined) return result;
      await catchUp(applied.length - losing.behind);
      staleLoads = losing.loads;
      losing = undefined;
      throw new StoreUnavailable("connection", "unknown", "lost");
    },
  };
  const service = await testService(store);
  const loseOneCommit = (behind: number, loads: number): void => void (losing = { behind, loads });
  return { service, loseOneCommit };
}

describe("a write that was applied is not reported as refused if the next loads are older than it (H02)", () => {
  it.each([
    [1, 1],
    [2, 1],
    [2, 3],
    [3, 2],
  ])("and lack %i commits, among them the policy that permits it: %i loads (H02)", async (behind, loads) => {
    const { service, loseOneCommit } = await laggingService();
    await service.post(SECRETS, { path: "other", values: {} });
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/w$",
      pathPattern: "^a$",
      permissions: ["write"],
    };
    expect((await service.post(POLICY, policy)).status).toBe(200);
    const workload = await service.as("/w");
    loseOneCommit(behind, loads);
    expect(await workload(SECRETS, { path: "a", values: {} })).toMatchObject({
      status: 200,
      body: { version: 1, revision: 3 },
    });
  });

  it.each([1, 2, 3])("and lack %i commits, among them the version that its cas names (H02)", async (behind) => {
    const { service, loseOneCommit } = await laggingService();
    for (const v of ["1", "2", "3"]) {
      expect((await service.post(SECRETS, { path: "a", values: { v } })).status).toBe(200);
    }
    loseOneCommit(behind, 2);
    expect(await service.post(SECRETS, { path: "a", values: { v: "4" }, cas: 3 })).toMatchObject({
      status: 200,
      body: { version: 4 },
    });
    expect((await service.post(SECRETS, { path: "a", values: { v: "5" }, cas: 3 })).status).toBe(409);
  });

  it.each([1, 2])("and lack %i commits, among them the policy that it deletes (H02)", async (behind) => {
    const { service, loseOneCommit } = await laggingService();
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/w$",
      pathPattern: "^a$",
      permissions: ["write"],
    };
    expect((await service.post(POLICY, policy)).status).toBe(200);
    loseOneCommit(behind, 2);
    expect((await service.post(`${POLICY}?action=delete`, { id: "p" })).status).toBe(200);
    expect((await service.post(`${POLICY}?action=delete`, { id: "p" })).status).toBe(404);
  });
});
