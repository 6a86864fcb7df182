import type { AuditEntry, Exchange, History, Operation, Result } from "../history/history.ts";
import { createRandom, type Random } from "../random.ts";

/** Ways to change one detail of a history. Most changes make it inconsistent, some do not. */
export const CORRUPTIONS = [
  "value",
  "result of another operation",
  "status",
  "time",
  "written version",
  "written revision",
  "metadata",
  "keys",
  "caller",
  "cas",
  "drop entry",
  "duplicate entry",
  "apply entry again",
  "swap entries",
  "entry version",
  "entry trace",
  "entry time",
  "sent bookmark",
  "received bookmark",
  "worker",
] as const;

type Corruption = (typeof CORRUPTIONS)[number];

/** A copy with one change. Undefined if the history has nothing to change in that way. */
export function corrupt(history: History, corruption: Corruption, seed: number): History | undefined {
  const random = createRandom(seed);
  const { operations: _, auditLog: __, ...facts } = history;
  const operations = [...history.operations];
  const auditLog = [...history.auditLog];
  const changed = corruption.includes("entr")
    ? changeAuditLog(auditLog, { corruption, random, operations })
    : changeOperation(operations, { corruption, random });
  return changed ? { ...facts, operations, auditLog } : undefined;
}

function changeOperation(
  operations: Operation[],
  { corruption, random }: { readonly corruption: Corruption; readonly random: Random },
): boolean {
  for (let tries = 0; tries < 200; tries += 1) {
    const operation = random.pick(operations);
    const exchange = random.pick(operation.exchanges);
    const { request } = operation;
    if (corruption === "caller") {
      operations[operation.id] = { ...operation, caller: random.pick(["superuser", "red", "blue"]) };
      return true;
    }
    if (corruption === "cas") {
      if (!("cas" in request) || request.cas === undefined) continue;
      operations[operation.id] = { ...operation, request: { ...request, cas: request.cas + 1 - random.below(3) } };
      return true;
    }
    const changed = changeExchange(exchange, { corruption, random, operation, operations });
    if (changed === undefined) continue;
    const exchanges = operation.exchanges.map((other) => (other === exchange ? changed : other));
    operations[operation.id] = { ...operation, exchanges };
    return true;
  }
  return false;
}

interface Choice {
  readonly corruption: Corruption;
  readonly random: Random;
  readonly operation: Operation;
  readonly operations: readonly Operation[];
}

function changeExchange(exchange: Exchange, choice: Choice): Exchange | undefined {
  const { corruption, random, operation, operations } = choice;
  const { result, ...rest } = exchange;
  if (corruption === "time") {
    const duration = exchange.completedAt - exchange.invokedAt;
    const shift = random.below(120) - 60;
    const invokedAt = Math.max(0, exchange.invokedAt + shift);
    return { ...exchange, invokedAt, completedAt: invokedAt + (random.chance(0.5) ? duration : random.below(5)) };
  }
  if (corruption === "worker") return { ...exchange, worker: random.below(3) };
  if (corruption === "sent bookmark" || corruption === "received bookmark") {
    return changeBookmark(exchange, corruption === "sent bookmark" ? "sentBookmark" : "receivedBookmark", random);
  }
  if (corruption === "status") {
    const status = random.pick([401, 404, 409, 422, 0, 500].filter((other) => other !== exchange.status));
    return { ...rest, status };
  }
  if (corruption === "result of another operation") {
    const sameRequest = operations.filter(
      ({ request }) => JSON.stringify(request) === JSON.stringify(operation.request),
    );
    const other = random.pick(random.pick(sameRequest).exchanges);
    if (other === exchange || operation.request.kind === "put") return undefined;
    return { ...rest, status: other.status, ...(other.result && { result: other.result }) };
  }
  const changed = result && changeResult(result, choice);
  return changed && { ...exchange, result: changed };
}

function changeBookmark(
  exchange: Exchange,
  name: "sentBookmark" | "receivedBookmark",
  random: Random,
): Exchange | undefined {
  const { [name]: revision, ...rest } = exchange;
  if (revision === undefined) return undefined;
  if (random.chance(0.2)) return rest;
  return { ...exchange, [name]: Math.max(0, revision + random.pick([-3, -2, -1, 1, 2, 3])) };
}

function changeResult(result: Result, { corruption, random, operation, operations }: Choice): Result | undefined {
  const offset = random.pick([1, -1]);
  if (result.kind === "value" && corruption === "value") {
    const { request } = operation;
    const values = operations.flatMap(({ request: other }) =>
      other.kind === "put" && "path" in request && (other.path === request.path || random.chance(0.05))
        ? [other.value]
        : [],
    );
    return { kind: "value", value: random.pick(values) };
  }
  if (result.kind === "written" && corruption === "written version")
    return { ...result, version: result.version + offset };
  if (result.kind === "written" && corruption === "written revision")
    return { ...result, revision: result.revision + offset };
  if (result.kind === "metadata" && corruption === "metadata") return changeMetadata(result, random);
  if (result.kind === "keys" && corruption === "keys") {
    if (result.keys.length === 0 || random.chance(0.3)) {
      const added = `team/red/${random.pick(["hot", "cold"])}/${random.below(3)}`;
      return { kind: "keys", keys: [...new Set([...result.keys, added])].toSorted() };
    }
    const dropped = random.pick(result.keys);
    return { kind: "keys", keys: result.keys.filter((key) => key !== dropped) };
  }
  return undefined;
}

function changeMetadata(result: Extract<Result, { readonly kind: "metadata" }>, random: Random): Result {
  const changedIndex = random.below(result.versions.length);
  const change = random.pick(["current", "oldest", "drop", "createdAt", "deletedAt", "number"] as const);
  if (change === "current" || change === "oldest")
    return { ...result, [change]: result[change] + random.pick([1, -1]) };
  if (change === "drop") return { ...result, versions: result.versions.filter((_, index) => index !== changedIndex) };
  const versions = result.versions.map((version, index) => {
    if (index !== changedIndex) return version;
    if (change === "deletedAt") return { ...version, deletedAt: version.deletedAt === null ? version.createdAt : null };
    return { ...version, [change]: version[change] + 1 };
  });
  return { ...result, versions };
}

function changeAuditLog(
  auditLog: AuditEntry[],
  {
    corruption,
    random,
    operations,
  }: { readonly corruption: Corruption; readonly random: Random; readonly operations: readonly Operation[] },
): boolean {
  if (auditLog.length < 3) return false;
  const index = random.below(auditLog.length - 1);
  const entry = auditLog[index]!;
  const renumber = (): void => auditLog.forEach((one, at) => (auditLog[at] = { ...one, revision: at + 1 }));
  switch (corruption) {
    case "drop entry":
      auditLog.splice(index, 1);
      if (random.chance(0.5)) renumber();
      return true;
    case "duplicate entry":
      auditLog.splice(index, 0, entry);
      return true;
    case "apply entry again":
      auditLog.splice(index + 1 + random.below(auditLog.length - index), 0, {
        ...entry,
        writeId: `${entry.writeId} again`,
      });
      renumber();
      return true;
    case "swap entries": {
      const other = auditLog[index + 1]!;
      auditLog[index] = { ...other, revision: entry.revision };
      auditLog[index + 1] = { ...entry, revision: other.revision };
      return true;
    }
    case "entry version":
      if (entry.version === undefined) return false;
      auditLog[index] = { ...entry, version: entry.version + random.pick([1, -1]) };
      return true;
    case "entry trace":
      auditLog[index] = { ...entry, trace: random.pick(random.pick(operations).exchanges).trace };
      return true;
    case "entry time":
      auditLog[index] = { ...entry, at: entry.at + 1 };
      return true;
    default:
      return false;
  }
}
