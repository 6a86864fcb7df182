import type { RecoveryDeps } from "../../recovery/deps.ts";
import type { DepsSource } from "./operation.ts";

/** For `operator.recover`, `operator.restore` and `bootstrap.verify`: no other operation receives the root keys themselves. */
export function recoveryDeps({ write, rootKeys, service }: DepsSource): RecoveryDeps {
  const { store, ring, attempts, access } = write;
  const { threshold, shares } = service.shamir;
  return { store, ring, attempts, access, rootKeys, split: { threshold, shares } };
}
