import { type History, isAcknowledged, isWrite, type Operation, type Result } from "../history/history.ts";
import type { Commits } from "./commit.ts";
import type { Finding, Findings } from "./findings.ts";
import type { StoreTimeline } from "./replay.ts";
import { versionsOf } from "./secret-timeline.ts";

type WriteResult = Extract<Result, { readonly kind: "written" }>;

/** Checks that all responses to a write are equal, and agree with its audit entry. */
export function checkAcknowledgements(
  history: History,
  { commits, store }: { readonly commits: Commits; readonly store: StoreTimeline },
  findings: Findings,
): void {
  for (const operation of history.operations) {
    if (!isWrite(operation.request) || operation.reusesKeyOf !== undefined) continue;
    const results = operation.exchanges.flatMap(({ result }) => (result?.kind === "written" ? [result] : []));
    const [first] = results;
    if (first === undefined) continue;
    for (let repeated = 1; repeated < results.length; repeated += 1) findings.checked("repetition");
    if (commits.byOperation[operation.id] !== undefined) findings.checked("acknowledgement");
    const finding = compareResults(operation, results) ?? compareEntry(history, operation, { first, commits, store });
    if (finding !== undefined) findings.add(finding);
  }
}

function compareResults({ id }: Operation, results: readonly WriteResult[]): Finding | undefined {
  const [first, ...others] = results;
  const other = others.find(({ version, revision }) => version !== first?.version || revision !== first?.revision);
  if (first === undefined || other === undefined) return undefined;
  const detail = `One response to operation ${id} has version ${first.version} and revision ${first.revision}, another has ${other.version} and ${other.revision}.`;
  return { kind: "wrong_outcome", operations: [id], revision: first.revision, detail };
}

function compareEntry(
  { operations }: History,
  { id, request }: Operation,
  context: { readonly first: WriteResult; readonly commits: Commits; readonly store: StoreTimeline },
): Finding | undefined {
  const { first, commits, store } = context;
  const entry = commits.byOperation[id]?.entry;
  if (entry === undefined) return undefined;
  const { version = first.version, revision } = entry;
  if (version === first.version && revision === first.revision) return undefined;
  const detail = `The response to operation ${id} has version ${first.version} and revision ${first.revision}, the audit log has ${version} and ${revision}.`;
  const secret = request.kind === "put" ? store.secrets.get(request.path) : undefined;
  const holder = version === first.version ? undefined : secret && versionsOf(secret, first.version).at(-1);
  if (secret !== undefined && holder !== undefined && isAcknowledged(operations[holder.operationId])) {
    const involved = [holder.operationId, id];
    return { kind: "duplicate_version", operations: involved, revision, path: secret.path, detail };
  }
  return { kind: "wrong_outcome", operations: [id], revision, detail };
}
