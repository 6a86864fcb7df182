import { describe, expect, it } from "vitest";
import type { History } from "../history/history.ts";
import { check } from "./check.ts";
import { simulate, type Simulation } from "./simulate.fixture.ts";

const LONG = process.env["LONG"] !== undefined;

const LARGE: Omit<Simulation, "operations"> = {
  seed: 1,
  clients: 64,
  maxVersions: 10,
  hot: 5,
  cold: 20_000,
  faults: 0.05,
  policies: 0.001,
  lists: 0.005,
  removals: 0.0001,
};

function measured(history: History): { readonly seconds: number; readonly counts: object } {
  const begin = process.cpuUsage();
  const { counts } = check(history);
  const { user, system } = process.cpuUsage(begin);
  return { seconds: (user + system) / 1e6, counts };
}

/** Replaces the value of every second get by the first value of its path. */
function staleReads(history: History): History {
  const values = new Map<string, string>();
  const operations = history.operations.map((operation) => {
    const { request, exchanges } = operation;
    if (request.kind === "put" && !values.has(request.path)) values.set(request.path, request.value);
    if (request.kind !== "get" || operation.id % 2 === 0) return operation;
    const old = values.get(request.path) ?? "";
    const changed = exchanges.map((exchange) =>
      exchange.status === 200 ? { ...exchange, result: { kind: "value", value: old } as const } : exchange,
    );
    return { ...operation, exchanges: changed };
  });
  return { ...history, operations };
}

describe.runIf(LONG)("check of a large history", () => {
  it("takes seconds for a million operations", { timeout: 900_000 }, () => {
    const history = simulate({ ...LARGE, operations: 1_000_000 });
    const { seconds, counts } = measured(history);
    const megabytes = Math.round(process.memoryUsage().heapUsed / 1e6);
    console.log(`1 000 000 operations: ${seconds.toFixed(1)} s of CPU time, ${megabytes} MB of heap`);
    expect(counts).toEqual({});
    expect(seconds).toBeLessThan(30);
  });

  it("takes time in proportion to the length", { timeout: 900_000 }, () => {
    const short = simulate({ ...LARGE, operations: 20_000 });
    const long = simulate({ ...LARGE, operations: 200_000 });
    measured(short);
    expect(measured(long).seconds / measured(short).seconds).toBeLessThan(25);
  });

  it("takes no longer if there are many anomalies", { timeout: 900_000 }, () => {
    const { seconds, counts } = measured(staleReads(simulate({ ...LARGE, operations: 200_000 })));
    console.log(`200 000 operations, many anomalies: ${seconds.toFixed(1)} s of CPU time`, counts);
    expect(Object.values(counts).reduce((sum: number, count: number) => sum + count, 0)).toBeGreaterThan(1000);
    expect(seconds).toBeLessThan(60);
  });
});
