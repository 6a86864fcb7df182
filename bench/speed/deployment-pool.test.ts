import { describe, expect, it } from "vitest";
import { SMALL } from "./bench-context.ts";
import { DeploymentPool, NeedsMoreDatabases } from "./deployment-pool.ts";
import type { Deployment, StoreShape } from "./setup/deployment.ts";

const shapeOf = (policies: number): StoreShape => ({ secrets: 1, policies });

/** A pool over this many external databases, and what happened to its deployments. */
function createPool(databases: number) {
  const events: string[] = [];
  const nameOf = ({ policies }: StoreShape): string => (policies === SMALL.policies ? "small" : String(policies));
  const urls = Array.from({ length: databases }, (_, index) => `http://${index}.test/`);
  const pool = new DeploymentPool(
    async (shape, database) => {
      events.push(`start ${nameOf(shape)} on ${database?.url[7] ?? "its own"}`);
      const close = async () => await Promise.resolve(void events.push(`end ${nameOf(shape)}`));
      // The pool only closes deployments.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return await Promise.resolve({ close } as unknown as Deployment);
    },
    urls.map((url) => ({ url, authToken: undefined, mayErase: false })),
  );
  return { pool, events };
}

describe("the pool of deployments", () => {
  it("shares a deployment, and starts databases of its own without external ones (Q54)", async () => {
    const { pool, events } = createPool(0);
    expect(await pool.get(SMALL)).toBe(await pool.get(SMALL));
    await pool.get(shapeOf(1));
    await pool.close();
    expect(events).toEqual(["start small on its own", "start 1 on its own", "end small", "end 1"]);
  });

  it("reuses the database of an earlier benchmark (Q54)", async () => {
    const { pool, events } = createPool(1);
    await pool.get(shapeOf(1));
    pool.startBenchmark();
    await pool.get(SMALL);
    expect(events).toEqual(["start 1 on 0", "end 1", "start small on 0"]);
  });

  it("refuses a second store at the same time with one database (Q54)", async () => {
    const { pool, events } = createPool(1);
    await pool.get(SMALL);
    await expect(pool.get(shapeOf(1))).rejects.toThrow(NeedsMoreDatabases);
    expect(events).toEqual(["start small on 0"]);
  });

  it("keeps the small store while a benchmark compares others with it (Q54)", async () => {
    const { pool, events } = createPool(2);
    await pool.get(SMALL);
    for (const policies of [1, 2, 3]) await pool.get(shapeOf(policies));
    expect(events.filter((event) => event.startsWith("end"))).toEqual(["end 1", "end 2"]);
    expect(events.at(-1)).toBe("start 3 on 1");
  });
});
