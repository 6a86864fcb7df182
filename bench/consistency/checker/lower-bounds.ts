import type { Exchange, History, Operation } from "../history/history.ts";
import { partitionPoint } from "./partition-point.ts";

/**
 * What sets a lower bound.
 *
 * - `order`: a response to any client before the request
 * - `bound`: the same, but only those before the staleness that the worker allows
 * - `session`: an earlier response to the same client, which came with a bookmark
 * - `bookmark`: the bookmark of the request
 */
export type LowerReason = "order" | "bound" | "session" | "bookmark";

/** A lower bound for linearization points, and the ID of the exchange that set it, or -1. */
export interface LowerBound {
  readonly revision: number;
  readonly setBy: number;
  readonly reason: LowerReason;
}

const NONE: LowerBound = { revision: 0, setBy: -1, reason: "order" };

/** True if the response may have come from a replica that lags. Refusals and writes are decided by the primary. */
export function isBounded({ routes }: History, { request }: Operation, { worker, status }: Exchange): boolean {
  if (routes?.[worker] !== "replica-reads" || status !== 200) return false;
  return request.kind === "get" || request.kind === "metadata" || request.kind === "list";
}

/** The lower bounds of all exchanges. They are invoked and completed in the order of time. */
export class LowerBounds {
  readonly #history: History;
  readonly #orders: LowerBound[];
  readonly #sessions = new Map<number, LowerBound>();
  readonly #sessionsAtInvocation: (LowerBound | undefined)[] = [];
  /** The highest bound after each time at which it rose. */
  readonly #rises: { readonly at: number; readonly bound: LowerBound }[] = [];

  constructor(history: History, size: number) {
    this.#history = history;
    this.#orders = Array.from({ length: size }, () => NONE);
  }

  highest(): LowerBound {
    return this.#rises.at(-1)?.bound ?? NONE;
  }

  invoke(exchangeId: number, { client }: Operation, { sentBookmark }: Exchange): void {
    this.#orders[exchangeId] = this.highest();
    if (sentBookmark !== undefined) this.#sessionsAtInvocation[exchangeId] = this.#sessions.get(client);
  }

  /** A response is correct at this revision. */
  complete(exchangeId: number, { client }: Operation, exchange: Exchange & { readonly revision: number }): void {
    const { revision, completedAt, receivedBookmark } = exchange;
    const bound: LowerBound = { revision, setBy: exchangeId, reason: "order" };
    if (revision > this.highest().revision) this.#rises.push({ at: completedAt, bound });
    if (receivedBookmark === undefined || revision <= (this.#sessions.get(client)?.revision ?? 0)) return;
    this.#sessions.set(client, { ...bound, reason: "session" });
  }

  /** The bound of responses that do not come from a replica, without regard to bookmarks. */
  order(exchangeId: number): LowerBound {
    return this.#orders[exchangeId] ?? NONE;
  }

  /** The bound of clients that send bookmarks. 0 without a bookmark. */
  session(exchangeId: number): LowerBound {
    return this.#sessionsAtInvocation[exchangeId] ?? NONE;
  }

  /** The highest bound of an exchange. If two are equal, the more specific one. */
  of(exchangeId: number, operation: Operation, exchange: Exchange): LowerBound {
    const { sentBookmark } = exchange;
    const isFromReplica = isBounded(this.#history, operation, exchange);
    const order = isFromReplica ? this.#withinBound(exchange) : this.order(exchangeId);
    const bookmark: LowerBound = { revision: sentBookmark ?? 0, setBy: -1, reason: "bookmark" };
    const bySpecificity = isFromReplica ? [bookmark, this.session(exchangeId), order] : [order, bookmark];
    return bySpecificity.reduce((highest, other) => (other.revision > highest.revision ? other : highest));
  }

  #withinBound({ invokedAt }: Exchange): LowerBound {
    const { maxStalenessMs = Infinity, stalenessToleranceMs = 0 } = this.#history;
    const time = invokedAt - maxStalenessMs - stalenessToleranceMs;
    const count = partitionPoint(this.#rises.length, (index) => (this.#rises[index]?.at ?? Infinity) >= time);
    return { ...(this.#rises[count - 1]?.bound ?? NONE), reason: "bound" };
  }
}
