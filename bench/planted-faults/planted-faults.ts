import { FAULTS_IN_COMMITS } from "./faults-in-commits.ts";
import { FAULTS_IN_SEMANTICS } from "./faults-in-semantics.ts";
import type { PlantedFault } from "./fault.ts";

/** All that is tried. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [...FAULTS_IN_COMMITS, ...FAULTS_IN_SEMANTICS];
