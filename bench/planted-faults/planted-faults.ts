import { FAULTS_IN_COMMITS } from "./faults-in-commits.ts";
import { FAULTS_IN_SEMANTICS } from "./faults-in-semantics.ts";
import { FAULTS_IN_REPLICAS } from "./faults-in-replicas.ts";
import type { PlantedFault } from "./fault.ts";

const all: readonly PlantedFault[] = [...FAULTS_IN_COMMITS, ...FAULTS_IN_SEMANTICS, ...FAULTS_IN_REPLICAS];

/** All faults. Those that only tests can detect come last. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...all.filter(({ testsOnly }) => testsOnly !== true),
  ...all.filter(({ testsOnly }) => testsOnly === true),
];
