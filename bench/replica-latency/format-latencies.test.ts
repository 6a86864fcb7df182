import { expect, it } from "vitest";
import { formatLatencies } from "./format-latencies.ts";

const MACHINE = { date: "2026-01-31", cores: "2 × CPU", memory: "4 GiB", system: "Linux", node: "v24", workerd: "1" };

it("formats latencies as a table", () => {
  const latencies = [
    { distanceMs: 0, use: "nothing", get: 1.25, put: 3 },
    { distanceMs: 80, use: "reads and writes", get: 3.04, put: 84.96 },
  ] as const;
  expect(formatLatencies(latencies, { requests: 200, machine: MACHINE }).split("\n")).toEqual([
    "2026-01-31, 2 × CPU, Linux, Node v24, workerd 1; 200 requests for each figure.",
    "",
    "| to the primary | replica | get, p50 | put, p50 |",
    "| --- | --- | --- | --- |",
    "| 0 ms | without a replica | 1.3 ms | 3.0 ms |",
    "| 80 ms | with `SPIKE_REPLICA_READS` | 3.0 ms | 85.0 ms |",
  ]);
});
