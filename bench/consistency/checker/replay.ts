import type { History } from "../history/history.ts";
import { type Commit, type Commits, pathOf, policyOf } from "./commit.ts";
import type { Findings } from "./findings.ts";
import { isOpen } from "./intervals.ts";
import { needOf } from "./permission.ts";
import { changePolicy, emptyPolicy, type PolicyTrack } from "./policies.ts";
import { wrongNumber } from "./put-number.ts";
import { put, remove, restore, softDelete } from "./secret-model.ts";
import { emptyTrack, type SecretTrack, type VersionTrack } from "./secret-track.ts";

/** All that the log makes of the store, at every position: that of revision r is what there was after it. */
export interface World {
  readonly secrets: ReadonlyMap<string, SecretTrack>;
  readonly policies: ReadonlyMap<string, PolicyTrack>;
  /** By operation: the versions its put made, one if all is well. */
  readonly made: readonly (readonly VersionTrack[] | undefined)[];
}

interface Replay {
  readonly history: History;
  readonly findings: Findings;
  readonly secrets: Map<string, SecretTrack>;
  readonly policies: Map<string, PolicyTrack>;
  readonly made: (readonly VersionTrack[] | undefined)[];
}

/** Carries out the commits one after the other, and finds those that should not have been or went otherwise. */
export function replay(history: History, commits: Commits, findings: Findings): World {
  const made = history.operations.map(() => undefined);
  const run: Replay = { history, findings, secrets: new Map(), policies: new Map(), made };
  for (const commit of commits.all) {
    checkRight(run, commit);
    const path = pathOf(commit.entry);
    const policy = policyOf(commit.entry);
    if (path !== undefined) applyToSecret(run, commit, secretOf(run, path));
    else if (policy !== undefined) applyToPolicy(run, commit, policy);
  }
  return run;
}

function secretOf({ secrets }: Replay, path: string): SecretTrack {
  const known = secrets.get(path);
  if (known !== undefined) return known;
  const track = emptyTrack(path);
  secrets.set(path, track);
  return track;
}

/** Whether the caller's policy allowed the write in the state it was committed on. */
function checkRight({ policies, findings }: Replay, { entry, operation }: Commit): void {
  if (operation === undefined) return;
  const { caller, request, id } = operation;
  const need = needOf(caller, request);
  if (need === "nothing") return;
  const granted = need !== "impossible" && isOpen(policies.get(caller)?.[need] ?? []);
  if (granted) return;
  const detail = `Operation ${id} of team ${caller} was committed at revision ${entry.revision}, when nothing granted it.`;
  findings.add({ kind: "revoked_allowed", operations: [id], revision: entry.revision, detail });
}

function applyToPolicy({ policies, findings }: Replay, { entry, operation }: Commit, name: string): void {
  const track = policies.get(name) ?? emptyPolicy();
  policies.set(name, track);
  const { revision, action } = entry;
  if (action === "put") {
    const permissions = operation?.request.kind === "grant" ? operation.request.permissions : [];
    changePolicy(track, permissions, revision);
    return;
  }
  if (!isOpen(track.exists)) {
    const detail = `Revision ${revision} removes the policy ${name}, which does not exist.`;
    findings.add({ kind: "wrong_outcome", operations: idsOf(operation), revision, detail });
  }
  changePolicy(track, undefined, revision);
}

function applyToSecret(run: Replay, commit: Commit, track: SecretTrack): void {
  const { findings } = run;
  const { entry, operation, presumed } = commit;
  const { revision, action, at } = entry;
  const place = { operations: idsOf(operation), revision, path: track.path };
  if (presumed) track.timeless = true;
  const request = operation?.request;
  const expected = request !== undefined && "cas" in request ? request.cas : undefined;
  if (expected !== undefined && expected !== track.latest) {
    const detail = `Revision ${revision} was to be carried out on version ${expected}, and was on version ${track.latest}.`;
    findings.add({ kind: "lost_update", ...place, detail });
  }
  if (action === "put") {
    applyPut(run, commit, track);
    return;
  }
  if (action === "remove") {
    remove(track, revision);
    return;
  }
  const numbers = request !== undefined && "numbers" in request ? request.numbers : [];
  const existed = track.latest > 0;
  const done = existed && (action === "delete" || restore(track, numbers, revision));
  if (existed && action === "delete") softDelete(track, numbers, { revision, at });
  if (!done) {
    const detail = `Revision ${revision} is ${action} of what was not there to ${action}.`;
    findings.add({ kind: "wrong_outcome", ...place, detail });
  } else if (entry.version !== undefined && entry.version !== (track.current?.number ?? 0)) {
    const detail = `Revision ${revision} says that version ${entry.version} is current after it, it is ${track.current?.number ?? 0}.`;
    findings.add({ kind: "wrong_outcome", ...place, detail });
  }
}

function applyPut({ history, findings, made }: Replay, commit: Commit, track: SecretTrack): void {
  const { entry, operation } = commit;
  const { revision, at } = entry;
  const number = entry.version ?? track.latest + 1;
  if (number !== track.latest + 1) findings.add(wrongNumber(history, commit, { track, number }));
  const added = { number, operation: operation?.id ?? -1, revision, at };
  const version = put(track, added, history.kept);
  if (operation !== undefined) made[operation.id] = [...(made[operation.id] ?? []), version];
}

function idsOf(operation: Commit["operation"]): readonly number[] {
  return operation === undefined ? [] : [operation.id];
}
