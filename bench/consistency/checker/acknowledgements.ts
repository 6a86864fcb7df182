import type { Answer, History, Operation } from "../history/history.ts";
import { type Commits, isWrite } from "./commit.ts";
import type { Finding, Findings } from "./findings.ts";
import { isAcknowledged } from "./put-number.ts";
import type { World } from "./replay.ts";
import { versionsOf } from "./secret-track.ts";

type Written = Extract<Answer, { readonly kind: "written" }>;

/** Compares what writes were told with the log, and with each other. */
export function checkAcknowledgements(
  history: History,
  { commits, world }: { readonly commits: Commits; readonly world: World },
  findings: Findings,
): void {
  for (const operation of history.operations) {
    if (!isAcknowledged(operation) || !isWrite(operation.request)) continue;
    const told = operation.attempts.map(({ answer }) => answer).filter((answer) => answer?.kind === "written");
    const [first] = told;
    if (first === undefined || operation.reuses !== undefined) continue;
    const finding = unequal(operation, told) ?? compare(history, { commits, world }, { operation, first });
    if (finding !== undefined) findings.add(finding);
  }
}

function unequal({ id }: Operation, told: readonly Written[]): Finding | undefined {
  const [first, ...others] = told;
  const other = others.find(({ version, revision }) => version !== first?.version || revision !== first?.revision);
  if (first === undefined || other === undefined) return undefined;
  const detail = `Operation ${id} was told version ${first.version} of revision ${first.revision}, and then ${other.version} of ${other.revision}.`;
  return { kind: "wrong_outcome", operations: [id], revision: first.revision, detail };
}

function compare(
  { operations }: History,
  { commits, world }: { readonly commits: Commits; readonly world: World },
  { operation, first }: { readonly operation: Operation; readonly first: Written },
): Finding | undefined {
  const { id, request } = operation;
  const entry = commits.byOperation[id]?.entry;
  if (entry === undefined) return undefined;
  const { version = first.version, revision } = entry;
  if (version === first.version && revision === first.revision) return undefined;
  const detail = `Operation ${id} was told version ${first.version} of revision ${first.revision}, and the log has version ${version} of ${revision}.`;
  const track = request.kind === "put" ? world.secrets.get(request.path) : undefined;
  const holder = version === first.version ? undefined : track && versionsOf(track, first.version).at(-1);
  if (holder !== undefined && isAcknowledged(operations[holder.operation])) {
    return { kind: "duplicate_version", operations: [holder.operation, id], revision, path: track?.path ?? "", detail };
  }
  return { kind: "wrong_outcome", operations: [id], revision, detail };
}
