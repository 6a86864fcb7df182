import type { Attempt, Entry, History, Operation } from "../history/history.ts";
import { isWrite } from "./commit.ts";
import { PlainStore } from "./plain-store.fixture.ts";
import { isRefusal } from "./statuses.ts";

interface Place {
  readonly operation: Operation;
  readonly attempt: Attempt;
}

/**
 * Whether a history is one of a store that does everything right: the plain way, with the whole store at every position
 * and every answer held against each. For short histories whose log is by ascending revision.
 */
export function isSound(history: History): boolean {
  const { log, operations, kept } = history;
  const places = operations.flatMap((operation) => operation.attempts.map((attempt) => ({ operation, attempt })));
  const makers = log.map(({ trace }) => places.find(({ attempt }) => attempt.trace === trace));
  if (!isWellFormed(log, makers)) return false;
  const stores = storesOf(log, { makers, kept });
  return stores !== undefined && agrees({ history, places, makers, stores });
}

function isWellFormed(log: readonly Entry[], makers: readonly (Place | undefined)[]): boolean {
  if (new Set(log.map(({ writeId }) => writeId)).size < log.length) return false;
  const known = makers.filter((maker) => maker !== undefined);
  if (new Set(known.map(({ operation }) => operation)).size < known.length) return false;
  // The times of one resource never run backwards.
  const before = (entry: Entry, index: number): Entry | undefined =>
    log.slice(0, index).findLast(({ resource }) => resource === entry.resource);
  if (log.some((entry, index) => (before(entry, index)?.at ?? entry.at) > entry.at)) return false;
  return log.every((entry, index) => {
    const maker = makers[index];
    if (entry.revision !== index + 1) return false;
    if (maker === undefined) return entry.action === "remove" && entry.resource.startsWith("secret:");
    const { request, caller, reuses } = maker.operation;
    if (!isWrite(request) || isRefusal(maker.attempt.status) || reuses !== undefined) return false;
    const [resource, actions] =
      "path" in request
        ? [`secret:${request.path}`, [request.kind]]
        : [
            `policy:${"team" in request ? request.team : ""}`,
            request.kind === "grant" ? ["put"] : ["delete", "remove"],
          ];
    const writer = caller === "superuser" ? "/superuser" : `/team/${caller}`;
    return entry.resource === resource && actions.includes(entry.action) && entry.caller === writer;
  });
}

/** The store at every position; undefined if the log cannot have come about. */
function storesOf(
  log: readonly Entry[],
  { makers, kept }: { readonly makers: readonly (Place | undefined)[]; readonly kept: number },
): readonly PlainStore[] | undefined {
  const stores = [new PlainStore(kept)];
  for (const [index, entry] of log.entries()) {
    const store = new PlainStore(kept, stores.at(-1));
    stores.push(store);
    const maker = makers[index];
    if (maker === undefined) {
      store.secrets.delete(entry.resource.slice("secret:".length));
      continue;
    }
    const verdict = store.judge(maker.operation.caller, maker.operation.request);
    if (!("commit" in verdict)) return undefined;
    const version = verdict.commit(entry.revision, entry.at);
    if (entry.resource.startsWith("secret:") && version !== entry.version) return undefined;
  }
  return stores;
}

interface Run {
  readonly history: History;
  readonly places: readonly Place[];
  readonly makers: readonly (Place | undefined)[];
  readonly stores: readonly PlainStore[];
}

function agrees(run: Run): boolean {
  const positions = new Map<Attempt, number>();
  const sorted = run.places.toSorted((one, other) => one.attempt.end - other.attempt.end);
  for (const place of sorted) {
    const { attempt, operation } = place;
    if (!isRefusal(attempt.status) && attempt.status !== 200) {
      if (![0, 503].includes(attempt.status)) return false;
      continue;
    }
    const revision = run.makers.findIndex((maker) => maker?.operation === operation) + 1;
    const before = [...positions].filter(([earlier]) => earlier.end < attempt.call).map(([, position]) => position);
    const lower = Math.max(0, ...before);
    const later = run.makers.map((maker, index) => ((maker?.attempt.call ?? -1) > attempt.end ? index : Infinity));
    const upper = Math.min(run.stores.length - 1, ...later);
    const position = positionOf(run, place, { lower, upper, revision });
    if (position === undefined || position > upper) return false;
    positions.set(attempt, position);
  }
  return run.makers.every((maker, index) =>
    [...positions].every(([earlier, position]) => !(maker && earlier.end < maker.attempt.call) || position <= index),
  );
}

function positionOf(
  { makers, stores, history }: Run,
  { operation, attempt }: Place,
  bounds: { readonly lower: number; readonly upper: number; readonly revision: number },
): number | undefined {
  const { lower, upper, revision } = bounds;
  const { caller, request, reuses } = operation;
  const { status, answer } = attempt;
  const fits = (test: (store: PlainStore, position: number) => boolean): number | undefined => {
    for (let position = lower; position <= upper; position += 1) if (test(stores[position]!, position)) return position;
    return undefined;
  };
  if (status === 401) return fits((store) => !store.permits(caller, request));
  if (reuses !== undefined) {
    const first = makers.findIndex((maker) => maker?.operation.id === reuses) + 1;
    if (status !== 422 || first === 0) return undefined;
    return fits((store, position) => position >= first && store.permits(caller, request));
  }
  if (status === 200 && isWrite(request)) {
    if (revision === 0 || answer?.kind !== "written" || answer.revision !== revision) return undefined;
    const { version = answer.version } = history.log[revision - 1]!;
    const told = operation.attempts.flatMap((one) => (one.answer?.kind === "written" ? [one.answer.version] : []));
    if (version !== answer.version || new Set(told).size > 1) return undefined;
    if (makers[revision - 1]?.attempt === attempt) return revision;
    const granted = fits((store) => store.permits(caller, request));
    return granted === undefined ? undefined : Math.max(granted, revision);
  }
  const wanted = JSON.stringify({ status, answer });
  return fits((store, position) => {
    if (revision > 0 && position >= revision) return false;
    const verdict = store.judge(caller, request);
    return !("commit" in verdict) && wanted === JSON.stringify({ status: verdict.status, answer: told(verdict) });
  });
}

function told(verdict: { readonly status: number }): unknown {
  return "answer" in verdict ? verdict.answer : undefined;
}
