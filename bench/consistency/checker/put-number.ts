import type { History } from "../history/history.ts";
import type { Commit } from "./commit.ts";
import type { Finding } from "./findings.ts";
import { lastInside } from "./intervals.ts";
import type { SecretTrack } from "./secret-track.ts";

/** Names what is wrong with the number of a put that is not the next one. */
export function wrongNumber(
  { operations }: History,
  { entry, operation }: Commit,
  { track, number }: { readonly track: SecretTrack; readonly number: number },
): Finding {
  const { revision } = entry;
  const { path, latest } = track;
  const id = operation?.id ?? -1;
  const place = { revision, path };
  if (number > latest) {
    const detail = `Revision ${revision} gives version ${number} after version ${latest}.`;
    return { kind: "wrong_outcome", operations: id < 0 ? [] : [id], ...place, detail };
  }
  const begin = track.exists.at(-2) ?? 0;
  const earlier = track.versions.findLast((version) => version.number === number && version.revision >= begin);
  if (earlier === undefined) {
    const detail = `Revision ${revision} gives version ${number} behind version ${latest}.`;
    return { kind: "late_write", operations: id < 0 ? [] : [id], ...place, detail };
  }
  const involved = [earlier.operation, id].filter((one) => one >= 0);
  const acknowledged = involved.length === 2 && involved.every((one) => isAcknowledged(operations[one]));
  const live = lastInside(earlier.live, revision) === revision;
  const kind = acknowledged && live ? "duplicate_version" : "number_reused";
  const detail = `Version ${number} was given at revision ${earlier.revision} and again at ${revision}.`;
  return { kind, operations: involved, ...place, detail };
}

/** Whether a client was told that the operation was carried out. */
export function isAcknowledged(operation: History["operations"][number] | undefined): boolean {
  return operation?.attempts.some(({ status }) => status === 200) === true;
}
