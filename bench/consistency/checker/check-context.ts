import type { Exchange, History, Operation } from "../history/history.ts";
import type { AnomalyKind } from "./anomaly.ts";
import type { Commits } from "./commit.ts";
import type { ExchangeTable } from "./exchange-table.ts";
import type { LowerReason } from "./lower-bounds.ts";
import type { ListTimeline } from "./list-timeline.ts";
import type { StoreTimeline } from "./replay.ts";
import { emptySecret, type SecretTimeline } from "./secret-timeline.ts";

/** Everything that a response is checked against. */
export interface CheckContext {
  readonly history: History;
  readonly table: ExchangeTable;
  readonly commits: Commits;
  readonly store: StoreTimeline;
  readonly lists: ListTimeline;
  /** ID of the put that sent a value, by value. */
  readonly writers: ReadonlyMap<string, number>;
  /** The linearization point of each response, a revision, by exchange ID. -1 if it has none, or none yet. */
  readonly linearizationPoints: Float64Array;
  /** IDs of a client's exchanges by ascending invocation. Grouped on first use. */
  exchangesOf(client: number): readonly number[];
}

/** A response, and the bounds of its linearization point. */
export interface Observation {
  readonly exchangeId: number;
  readonly operation: Operation;
  readonly exchange: Exchange;
  readonly lower: number;
  /** ID of the exchange that set the lower bound; -1 if there is none. */
  readonly lowerSetBy: number;
  readonly lowerReason: LowerReason;
  /** The lower bound by the order of time alone. A read from a replica may be older. */
  readonly order: number;
  /** What the client had got with earlier bookmarks. 0 if the request sent none. */
  readonly session: number;
  /** True if the response may have come from a replica that lags. */
  readonly isBounded: boolean;
  readonly upper: number;
}

/** What is wrong with a response. */
export interface Violation {
  readonly kind: AnomalyKind;
  /** IDs of other operations that are involved. */
  readonly others?: readonly number[];
  readonly path?: string;
  readonly detail: string;
}

/** A path at all revisions, even if it was never written. */
export function secretFor({ store }: CheckContext, path: string): SecretTimeline {
  return store.secrets.get(path) ?? emptySecret(path);
}

/** The bounds of the linearization point as text. */
export function describeBounds({ lower, upper }: Observation): string {
  return lower === upper ? `at revision ${lower}` : `between revisions ${lower} and ${upper}`;
}
