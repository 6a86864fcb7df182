import type { SecretDeps } from "../../../secret/deps.ts";
import type { DepsSource } from "../operation.ts";

export function secretDeps({ write, service }: DepsSource): SecretDeps {
  return { ...write, keptVersions: service.keptVersions };
}
