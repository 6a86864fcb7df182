import type { BenchContext } from "../bench-context.ts";
import type { Result } from "../result.ts";
import { authentication } from "./authentication.ts";
import { coldStart } from "./cold-start.ts";
import { contention } from "./contention.ts";
import { largeStore } from "./large-store.ts";
import { costlyPolicies } from "./costly-policies.ts";
import { largeLists } from "./large-lists.ts";
import { lists } from "./lists.ts";
import { manyPolicies } from "./many-policies.ts";
import { manyVersions } from "./many-versions.ts";
import { memory } from "./memory.ts";
import { reads } from "./reads.ts";
import { scaleOut } from "./scale-out.ts";
import { writes } from "./writes.ts";

/** A group of results that are measured together. */
export interface Benchmark {
  readonly name: string;
  readonly run: (context: BenchContext) => Promise<Result[]>;
}

export const BENCHMARKS: readonly Benchmark[] = [
  { name: "get", run: reads },
  { name: "put", run: writes },
  { name: "authentication", run: authentication },
  { name: "list", run: lists },
  { name: "large-list", run: largeLists },
  { name: "policies", run: manyPolicies },
  { name: "costly-policies", run: costlyPolicies },
  { name: "versions", run: manyVersions },
  { name: "secrets", run: largeStore },
  { name: "contention", run: contention },
  { name: "scale-out", run: scaleOut },
  { name: "start", run: coldStart },
  { name: "memory", run: memory },
];
