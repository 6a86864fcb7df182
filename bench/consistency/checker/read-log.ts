import type { Entry, History, Operation } from "../history/history.ts";
import { type Commit, type Commits, hasTags, pathOf, tagsOf } from "./commit.ts";
import { type Exchanges, exchangeAt } from "./exchanges.ts";
import type { Findings } from "./findings.ts";
import { isRefusal } from "./statuses.ts";

/**
 * Reads the audit log: what does not fit the requests is found, entries that stand twice are dropped, and acknowledged
 * writes that are missing are put where their answers say.
 */
export function readLog(history: History, exchanges: Exchanges, findings: Findings): Commits {
  const log = { history, exchanges, findings };
  const entries = distinct(history.log, findings);
  const places = placesOf(log, entries);
  const all: Commit[] = [];
  const byOperation: (Commit | undefined)[] = history.operations.map(() => undefined);
  const echoes = new Set<number>();
  const fits = fitter();
  for (const entry of entries) {
    const commit = commitOf(log, { entry, place: places.get(entry.trace) ?? -1, fits });
    const { operation } = commit;
    const first = operation && byOperation[operation.id];
    if (operation !== undefined && first !== undefined) {
      if (isEcho(first.entry, entry)) {
        findings.add(doubled(entry, [operation.id]));
        echoes.add(entry.revision);
        continue;
      }
      findings.add({
        kind: "applied_twice",
        operations: [operation.id],
        ...placeOf(entry),
        detail: `Operation ${operation.id} took effect at revision ${first.entry.revision} and again at ${entry.revision}.`,
      });
    } else if (operation !== undefined) {
      byOperation[operation.id] = commit;
    }
    all.push(commit);
  }
  const presumed = presume(log, { all, byOperation });
  const complete = presumed.length === 0 ? all : [...all, ...presumed].sort(byRevision);
  findGaps(complete, echoes, findings);
  return { all: complete, byOperation };
}

interface Log {
  readonly history: History;
  readonly exchanges: Exchanges;
  readonly findings: Findings;
}

function byRevision(one: Commit, other: Commit): number {
  return one.entry.revision - other.entry.revision;
}

function placeOf(entry: Entry): { readonly revision: number; readonly path?: string } {
  const path = pathOf(entry);
  return { revision: entry.revision, ...(path !== undefined && { path }) };
}

/** The same write again, and not only the same operation. */
function isEcho(first: Entry, second: Entry): boolean {
  return first.writeId === second.writeId && (first.version === second.version || first.revision === second.revision);
}

function doubled(entry: Entry, operations: readonly number[]) {
  const detail = `Revision ${entry.revision} is a write that is in the log already: ${entry.writeId}.`;
  return { kind: "audit_double", operations, ...placeOf(entry), detail } as const;
}

/** The entries by ascending revision, each of which occurs once. */
function distinct(log: readonly Entry[], findings: Findings): readonly Entry[] {
  const disordered = log.findIndex((entry, index) => entry.revision < (log[index - 1]?.revision ?? 0));
  const found = log[disordered];
  if (found !== undefined) {
    const detail = `The log gives revision ${found.revision} after ${log[disordered - 1]?.revision}.`;
    findings.add({ kind: "revision_order", operations: [], ...placeOf(found), detail });
  }
  const sorted = found === undefined ? log : log.toSorted((one, other) => one.revision - other.revision);
  const kept: Entry[] = [];
  for (const entry of sorted) {
    const last = kept.at(-1);
    if (last?.revision !== entry.revision) {
      kept.push(entry);
    } else if (last.writeId === entry.writeId) {
      findings.add(doubled(entry, []));
    } else {
      const detail = `Revision ${entry.revision} was given to two writes: ${last.writeId} and ${entry.writeId}.`;
      findings.add({ kind: "revision_order", operations: [], ...placeOf(entry), detail });
    }
  }
  return kept;
}

function placesOf({ history, exchanges }: Log, entries: readonly Entry[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const { trace } of entries) places.set(trace, -1);
  for (const { id, attempts } of history.operations) {
    let place = exchanges.first[id] ?? 0;
    for (const { trace } of attempts) {
      if (places.has(trace)) places.set(trace, place);
      place += 1;
    }
  }
  return places;
}

type Fits = (entry: Entry, operation: Operation) => boolean;

/** Each caller has one name in the log, whatever it is, and shares it with nobody. */
function fitter(): Fits {
  const names = new Map<string, string>();
  const callers = new Map<string, string>();
  return (entry, operation) => {
    const tags = tagsOf(operation);
    if (tags === undefined || !hasTags(entry, tags)) return false;
    const { caller } = operation;
    if (!names.has(caller) && !callers.has(entry.caller)) {
      names.set(caller, entry.caller);
      callers.set(entry.caller, caller);
    }
    return names.get(caller) === entry.caller;
  };
}

function commitOf(
  { history, exchanges, findings }: Log,
  { entry, place, fits }: { readonly entry: Entry; readonly place: number; readonly fits: Fits },
): Commit {
  const unknown = { entry, operation: undefined, place: -1, presumed: false };
  if (place < 0) {
    const removes = entry.action === "remove" && pathOf(entry) !== undefined;
    if (!removes) {
      const detail = `No request has the trace of revision ${entry.revision}, ${entry.action} of ${entry.resource}.`;
      findings.add({ kind: "audit_foreign", operations: [], ...placeOf(entry), detail });
    }
    return unknown;
  }
  const { operation, attempt } = exchangeAt(exchanges, history.operations, place);
  if (!fits(entry, operation)) {
    const { action, resource, caller } = entry;
    const detail = `Revision ${entry.revision} is ${action} of ${resource} by ${caller}, its trace is of operation ${operation.id}.`;
    findings.add({ kind: "audit_foreign", operations: [operation.id], ...placeOf(entry), detail });
    return unknown;
  }
  if (operation.reuses !== undefined) {
    const detail = `Operation ${operation.id} took effect at revision ${entry.revision} under the key of operation ${operation.reuses}.`;
    findings.add({ kind: "key_reused", operations: [operation.reuses, operation.id], ...placeOf(entry), detail });
  } else if (isRefusal(attempt.status)) {
    const detail = `Operation ${operation.id} was refused with ${attempt.status} and took effect at revision ${entry.revision}.`;
    findings.add({ kind: "refused_visible", operations: [operation.id], ...placeOf(entry), detail });
  }
  return { entry, operation, place, presumed: false };
}

/** Acknowledged writes without an entry: found, and turned into commits where their revision is free. */
function presume(
  { history, exchanges, findings }: Log,
  { all, byOperation }: { readonly all: readonly Commit[]; readonly byOperation: (Commit | undefined)[] },
): readonly Commit[] {
  const presumed: Commit[] = [];
  let taken: Map<number, Commit> | undefined;
  for (const operation of history.operations) {
    if (operation.reuses !== undefined || byOperation[operation.id] !== undefined) continue;
    const index = operation.attempts.findIndex(({ answer }) => answer?.kind === "written");
    const attempt = operation.attempts[index];
    const tags = attempt && tagsOf(operation);
    if (attempt?.answer?.kind !== "written" || tags === undefined) continue;
    const { version, revision } = attempt.answer;
    const entry = { ...tags, revision, version, writeId: "", trace: attempt.trace, caller: operation.caller, at: 0 };
    taken ??= new Map(all.map((commit) => [commit.entry.revision, commit]));
    const holder = taken.get(revision);
    findings.add(missing(entry, operation, holder));
    if (holder !== undefined || !Number.isSafeInteger(revision) || revision < 1) continue;
    const place = operation.attempts.length === 1 ? (exchanges.first[operation.id] ?? -1) : -1;
    const commit = { entry, operation, place, presumed: true };
    presumed.push(commit);
    taken.set(revision, commit);
    byOperation[operation.id] = commit;
  }
  return presumed;
}

function missing(entry: Entry, operation: Operation, holder: Commit | undefined) {
  const { revision, version, action, resource } = entry;
  const other = holder?.operation?.id;
  if (
    other !== undefined &&
    action === "put" &&
    holder?.entry.resource === resource &&
    holder.entry.action === "put" &&
    holder.entry.version === version
  ) {
    const detail = `Operations ${other} and ${operation.id} were both told version ${version} at revision ${revision}.`;
    return { kind: "duplicate_version", operations: [other, operation.id], ...placeOf(entry), detail } as const;
  }
  const detail = `Operation ${operation.id} was told revision ${revision}, where the log has ${holder?.entry.writeId ?? "nothing"}.`;
  return { kind: "audit_missing", operations: [operation.id], ...placeOf(entry), detail } as const;
}

function findGaps(commits: readonly Commit[], echoes: ReadonlySet<number>, findings: Findings): void {
  let last = 0;
  for (const { entry } of commits) {
    const { revision } = entry;
    while (echoes.has(last + 1)) last += 1;
    if (revision > last + 1) {
      const detail = `The log has nothing between revision ${last} and ${revision}.`;
      findings.add({ kind: "revision_gap", operations: [], revision: last + 1, detail });
    }
    last = revision;
  }
}
