import type { RotationDeps } from "../../../rotation/deps.ts";
import { reportRow } from "../../report-problems.ts";
import type { DepsSource } from "../operation.ts";

export function rotationDeps({ write, bulkStore, service, requestId }: DepsSource): RotationDeps {
  return { ...write, store: bulkStore, reportRow: reportRow(service.platform.log, requestId) };
}
