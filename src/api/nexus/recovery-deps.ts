import type { RecoveryDeps } from "../../recovery/deps.ts";
import type { DepsSource } from "./operation.ts";

/** The root keys themselves are given to the operations of `operator.recover`, `operator.restore` and `bootstrap.verify` only. */
export function recoveryDeps({ write, rootKeys, service }: DepsSource): RecoveryDeps {
  const { store, ring, attempts, access } = write;
  const { threshold, shares } = service.shamir;
  return { store, ring, attempts, access, rootKeys, split: { threshold, shares } };
}
