import type { Observation, Violation } from "./check-context.ts";
import type { RevisionSet } from "./revision-set.ts";

/**
 * Checks the bookmark of a response that is correct at the revision `point`: it must not be below that revision, below the bookmark
 * of the request, or ahead of the commits of that time.
 *
 * @param correct all revisions at which a read is correct. A read comes from one snapshot, whose revision is that of the bookmark
 * @returns what is wrong with the bookmark
 */
export function checkReceivedBookmark(
  { operation, exchange, upper }: Observation,
  point: number,
  correct?: RevisionSet,
): Violation | undefined {
  const { sentBookmark = 0, receivedBookmark: received } = exchange;
  if (received === undefined) return undefined;
  const name = `The bookmark of a response to a ${operation.request.kind} has revision ${received}`;
  if (received < sentBookmark) {
    return { kind: "wrong_bookmark", detail: `${name}, but the request sent a bookmark of revision ${sentBookmark}.` };
  }
  if (received < point) {
    return { kind: "wrong_bookmark", detail: `${name}, but the response shows revision ${point} or a later one.` };
  }
  if (received > upper) {
    return { kind: "wrong_bookmark", detail: `${name}, but at most ${upper} revisions had been committed.` };
  }
  if (correct === undefined || correct.next(received) === received) return undefined;
  return { kind: "wrong_bookmark", detail: `${name}, at which the response is not correct.` };
}
