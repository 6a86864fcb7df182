import { type Exchange, type History, isWrite, type Operation } from "../history/history.ts";
import type { Finding, Findings } from "./findings.ts";

/**
 * Checks which responses have a bookmark, and that none was refused. The revision of a bookmark is checked with the linearization
 * point of its response.
 */
export function checkBookmarks(history: History, findings: Findings): void {
  for (const operation of history.operations) {
    for (const exchange of operation.exchanges) {
      const problem = refusedBookmark(history, exchange) ?? missingBookmark(history, operation, exchange);
      if (problem !== undefined) findings.add({ ...problem, operations: [operation.id] });
    }
  }
}

type Problem = Pick<Finding, "kind" | "detail">;

function refusedBookmark({ faults }: History, { bookmarkError, sentBookmark }: Exchange): Problem | undefined {
  if (bookmarkError === undefined) return undefined;
  // That fault answers a load with a store that is older than the bookmark.
  if (bookmarkError === "store_behind" && faults?.includes("stale-load") === true) return undefined;
  const detail = `A bookmark of revision ${sentBookmark ?? "unknown"} was refused with ${bookmarkError}.`;
  return { kind: "refused_bookmark", detail };
}

function missingBookmark({ hasBookmarks }: History, { request }: Operation, exchange: Exchange): Problem | undefined {
  const { status, sentBookmark, receivedBookmark } = exchange;
  const response = `The response to a ${request.kind} with status ${status}`;
  if (status === 401) {
    if (receivedBookmark === undefined) return undefined;
    return { kind: "wrong_bookmark", detail: `${response} had a bookmark of revision ${receivedBookmark}.` };
  }
  // A prune that finds nothing to delete is no acknowledged write.
  if (hasBookmarks !== true || status !== 200 || request.kind === "prune") return undefined;
  const isDue = isWrite(request) || sentBookmark !== undefined;
  if (isDue === (receivedBookmark !== undefined)) return undefined;
  if (isDue) return { kind: "missing_bookmark", detail: `${response} had no bookmark.` };
  return { kind: "wrong_bookmark", detail: `${response} had a bookmark that was not requested.` };
}
