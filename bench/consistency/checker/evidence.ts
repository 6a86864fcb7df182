import type { AnomalyKind } from "./anomaly.ts";
import type { Operation, Request } from "../history/history.ts";
import { answerFit } from "./answer-fit.ts";
import { isWrite } from "./commit.ts";
import { exchangeAt } from "./exchanges.ts";
import { refusalFit } from "./refusal-fit.ts";
import { denialFit } from "./right-fit.ts";
import type { Problem, Scene, Seen } from "./scene.ts";

/** Earlier attempts of the same client that are looked at. */
const MOST_LOOKED_AT = 2000;

type Staleness = Extract<AnomalyKind, "stale_read" | "went_backwards" | "below_own_write">;

/** Names an answer that shows the store as of `shown`, before what it may show: by whom it should have known better. */
export function outdated(scene: Scene, seen: Seen, shown: number): Problem {
  const { kind, by } = witnessOf(scene, seen, shown);
  const { request } = seen.operation;
  const known = kind === "stale_read" ? "another client" : "the client itself";
  const detail = `A ${request.kind} showed revision ${shown}, and ${known} had been told of revision ${seen.lower} or one before it.`;
  return { kind, others: by === undefined ? [] : [by], ...pathOf(request), detail };
}

function pathOf(request: Request): { readonly path?: string } {
  return "path" in request ? { path: request.path } : {};
}

interface Witness {
  readonly kind: Staleness;
  readonly by: number | undefined;
}

function witnessOf(scene: Scene, seen: Seen, shown: number): Witness {
  const { lowerBy } = seen;
  const { exchanges, history } = scene;
  const { client, request } = seen.operation;
  let read: Operation | undefined;
  for (const { place, operation } of earlierOf(scene, seen)) {
    if (!isRelated(operation.request, request) || !tells(scene, { place, operation, shown })) continue;
    if (isWrite(operation.request)) return { kind: "below_own_write", by: operation.id };
    read ??= operation;
  }
  if (read !== undefined) return { kind: "went_backwards", by: read.id };
  const raiser = lowerBy < 0 ? undefined : exchangeAt(exchanges, history.operations, lowerBy).operation;
  if (raiser === undefined || raiser.client !== client || raiser.id === seen.operation.id) {
    return { kind: "stale_read", by: raiser?.id };
  }
  return { kind: isWrite(raiser.request) ? "below_own_write" : "went_backwards", by: raiser.id };
}

interface Earlier {
  readonly place: number;
  readonly operation: Operation;
}

/** What the client had been told before it asked, the latest first. */
function* earlierOf(scene: Scene, { operation, attempt }: Seen): Generator<Earlier> {
  const { exchanges, history, positions } = scene;
  const places = scene.placesOf(operation.client);
  const count = countBefore(places, exchanges.call, attempt.call);
  for (let index = count - 1; index >= Math.max(0, count - MOST_LOOKED_AT); index -= 1) {
    const place = places[index] ?? -1;
    if ((exchanges.end[place] ?? Infinity) >= attempt.call || (positions[place] ?? -1) < 0) continue;
    yield { place, operation: exchangeAt(exchanges, history.operations, place).operation };
  }
}

function countBefore(places: readonly number[], calls: Float64Array, time: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((calls[places[middle] ?? -1] ?? 0) >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether an answer by itself, and not only by its time, showed something newer. */
function tells(scene: Scene, { place, operation, shown }: Earlier & { readonly shown: number }): boolean {
  if ((scene.positions[place] ?? -1) <= shown) return false;
  const { attempt } = exchangeAt(scene.exchanges, scene.history.operations, place);
  if (attempt.status === 401) return denialFit(scene, operation).next(0) > shown;
  if (attempt.answer?.kind === "written") return true;
  const fit = attempt.status === 200 ? answerFit(scene, operation, attempt) : refusalFit(scene, operation, attempt);
  return !("kind" in fit) && fit.next(0) > shown;
}

/** Whether two requests concern a path in common. */
function isRelated(one: Request, other: Request): boolean {
  if ("path" in one) {
    if ("path" in other) return one.path === other.path;
    return "prefix" in other && one.path.startsWith(other.prefix);
  }
  if (!("prefix" in one)) return false;
  if ("path" in other) return other.path.startsWith(one.prefix);
  return "prefix" in other && (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix));
}
