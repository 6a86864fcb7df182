import { type History, isAcknowledged } from "../history/history.ts";
import type { Commit } from "./commit.ts";
import type { Finding } from "./findings.ts";
import { contains } from "./intervals.ts";
import type { SecretTimeline } from "./secret-timeline.ts";

/** Names the anomaly when a put created a version that is not the next one. */
export function diagnoseVersionNumber(
  { operations }: History,
  { entry, operation }: Commit,
  { secret, number }: { readonly secret: SecretTimeline; readonly number: number },
): Finding {
  const { revision } = entry;
  const { path, latest } = secret;
  const own = operation === undefined ? [] : [operation.id];
  const subject = { operations: own, revision, path };
  if (number > latest) {
    const detail = `Revision ${revision} created version ${number} after version ${latest}.`;
    return { kind: "wrong_outcome", ...subject, detail };
  }
  const lifetimeStart = secret.exists.at(-2) ?? 0;
  const earlier = secret.versions.findLast((one) => one.number === number && one.revision >= lifetimeStart);
  if (earlier === undefined) {
    const detail = `Revision ${revision} created version ${number}, which was missing behind version ${latest}.`;
    return { kind: "late_write", ...subject, detail };
  }
  const involved = earlier.operationId < 0 ? own : [earlier.operationId, ...own];
  const bothAcknowledged = involved.length === 2 && involved.every((id) => isAcknowledged(operations[id]));
  const kind = bothAcknowledged && contains(earlier.live, revision) ? "duplicate_version" : "version_reused";
  const detail = `Version ${number} was created at revision ${earlier.revision} and again at ${revision}.`;
  return { kind, ...subject, operations: involved, detail };
}
