import type { Machine } from "../speed/machine.ts";
import type { Latency } from "./measure-latency.ts";

const NAMES = {
  nothing: "without a replica",
  writes: "`LIBSQL_REPLICA_URL`",
  "reads and writes": "with `SPIKE_REPLICA_READS`",
} as const satisfies Record<Latency["use"], string>;

/** The results as a section of a page. */
export function formatLatencies(
  latencies: readonly Latency[],
  { requests, machine }: { readonly requests: number; readonly machine: Machine },
): string {
  const { date, cores, system, node, workerd } = machine;
  const rows = latencies.map(
    ({ distanceMs, use, get, put }) => `| ${distanceMs} ms | ${NAMES[use]} | ${figure(get)} | ${figure(put)} |`,
  );
  return [
    `${date}, ${cores}, ${system}, Node ${node}, workerd ${workerd}; ${requests} requests for each figure.`,
    "",
    "| to the primary | replica | get, p50 | put, p50 |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function figure(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
