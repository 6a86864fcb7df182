import type { Exchange, Operation, Request } from "../history/history.ts";
import { visiblePrefix } from "./authorization.ts";
import { type CheckContext, secretFor, type Violation } from "./check-context.ts";
import { metadataDigest } from "./digest.ts";
import { ALL_REVISIONS, inside, NO_REVISIONS, type RevisionSet, union } from "./revision-set.ts";
import { isRefusal } from "./status.ts";

/** The revisions at which a read has this result, without regard to permissions. */
export function revisionsMatchingResult(
  context: CheckContext,
  { caller, request }: Operation,
  exchange: Exchange,
): RevisionSet | Violation {
  const { result } = exchange;
  if (request.kind === "get" && result?.kind === "value") {
    return matchValue(context, request, { exchange, value: result.value });
  }
  if (request.kind === "metadata" && result?.kind === "metadata") {
    const secret = secretFor(context, request.path);
    if (secret.timesUnknown) return ALL_REVISIONS;
    const state = secret.states.get(metadataDigest(result.current, result.oldest, result.versions));
    return state === undefined ? NO_REVISIONS : inside(state);
  }
  if (request.kind === "list" && result?.kind === "keys") {
    return matchList(context, visiblePrefix(caller, request.prefix), result.keys);
  }
  if (request.kind === "prune" && result?.kind === "pruned") return inside([result.revision, result.revision + 1]);
  const detail = `The response to a ${request.kind} had ${result === undefined ? "no result" : `a result of kind "${result.kind}"`}.`;
  return { kind: "unexpected_response", detail };
}

function matchList(
  { lists }: CheckContext,
  prefix: string | undefined,
  keys: readonly string[],
): RevisionSet | Violation {
  if (prefix === undefined) return keys.length === 0 ? ALL_REVISIONS : NO_REVISIONS;
  const bytes = keys.map((key) => Buffer.from(key));
  const unsorted = bytes.findIndex((key, index) => index > 0 && Buffer.compare(bytes[index - 1] ?? key, key) >= 0);
  if (unsorted > 0) {
    const detail = `The list of "${prefix}" has "${keys[unsorted]}" after "${keys[unsorted - 1]}".`;
    return { kind: "unexpected_response", detail };
  }
  const revisions = lists.revisionsOf(prefix, keys);
  return revisions === undefined ? NO_REVISIONS : inside(revisions);
}

function matchValue(
  context: CheckContext,
  { path, number }: Extract<Request, { readonly kind: "get" }>,
  { exchange, value }: { readonly exchange: Exchange; readonly value: string },
): RevisionSet | Violation {
  const writer = context.history.operations[context.writers.get(value) ?? -1];
  if (writer === undefined) {
    return { kind: "unwritten_value", path, detail: `No put has sent the value that was read from "${path}".` };
  }
  const others = [writer.id];
  if (!("path" in writer.request) || writer.request.path !== path) {
    const detail = `The value read from "${path}" was sent to another path by operation ${writer.id}.`;
    return { kind: "unwritten_value", others, path, detail };
  }
  const versions = context.store.versionsByPut[writer.id] ?? [];
  if (versions.length === 0) return { ...uncommittedValue(writer, exchange), others, path };
  if (number === 0) return union(versions.map(({ current }) => inside(current)));
  const version = versions.find((candidate) => candidate.number === number);
  if (version !== undefined) return inside(version.live);
  const detail = `A get of version ${number} of "${path}" returned the value of version ${versions[0]?.number}.`;
  return { kind: "mixed_versions", others, path, detail };
}

/** Names the anomaly when a value was read whose put never committed. */
function uncommittedValue({ id, exchanges }: Operation, { completedAt }: Exchange): Violation {
  if (exchanges.every(({ status }) => isRefusal(status))) {
    return { kind: "refused_write_applied", detail: `The value of operation ${id} was read, although it was refused.` };
  }
  if ((exchanges[0]?.invokedAt ?? 0) > completedAt) {
    return { kind: "future_read", detail: `The value of operation ${id} was read before the operation was invoked.` };
  }
  return { kind: "audit_missing", detail: `The value of operation ${id} was read, but the audit log lacks the write.` };
}
