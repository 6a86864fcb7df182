import type { RemovalDeps } from "../../../secret/remove.ts";
import { reportSecret } from "../../report-problems.ts";
import type { DepsSource } from "../operation.ts";

export function secretDeps({ write, service, requestId }: DepsSource): RemovalDeps {
  const { keptVersions, platform } = service;
  return { ...write, keptVersions, reportSecret: reportSecret(platform.log, requestId) };
}
