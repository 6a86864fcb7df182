import { FAULTS_IN_COMMITS } from "./faults-in-commits.ts";
import { FAULTS_IN_SEMANTICS } from "./faults-in-semantics.ts";
import type { PlantedFault } from "./fault.ts";

const all: readonly PlantedFault[] = [...FAULTS_IN_COMMITS, ...FAULTS_IN_SEMANTICS];

/** All that is tried, those last that only tests can show. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...all.filter(({ unseen }) => unseen !== true),
  ...all.filter(({ unseen }) => unseen === true),
];
