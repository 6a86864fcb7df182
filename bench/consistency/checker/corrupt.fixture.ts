import type { Answer, Attempt, Entry, History, Operation } from "../history/history.ts";
import { Random } from "./random.fixture.ts";

/** Ways to change a history in one point. Most make it impossible, some do not. */
export const CORRUPTIONS = [
  "value",
  "answer of another",
  "status",
  "time",
  "written version",
  "written revision",
  "metadata",
  "keys",
  "caller",
  "cas",
  "drop entry",
  "double entry",
  "echo entry",
  "swap entries",
  "entry version",
  "entry trace",
  "entry time",
] as const;

type Corruption = (typeof CORRUPTIONS)[number];

/** A copy that is changed in one point, if there is anything to change in that way. */
export function corrupt(history: History, corruption: Corruption, seed: number): History | undefined {
  const random = new Random(seed);
  const { kept } = history;
  const operations = [...history.operations];
  const log = [...history.log];
  const changed = corruption.includes("entr")
    ? changeLog(log, { corruption, random, operations })
    : changeOperation(operations, { corruption, random });
  return changed ? { kept, operations, log } : undefined;
}

function changeOperation(
  operations: Operation[],
  { corruption, random }: { readonly corruption: Corruption; readonly random: Random },
): boolean {
  for (let tries = 0; tries < 200; tries += 1) {
    const operation = random.pick(operations);
    const attempt = random.pick(operation.attempts);
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
    const changed = changeAttempt(attempt, { corruption, random, operation, operations });
    if (changed === undefined) continue;
    const attempts = operation.attempts.map((other) => (other === attempt ? changed : other));
    operations[operation.id] = { ...operation, attempts };
    return true;
  }
  return false;
}

interface Chosen {
  readonly corruption: Corruption;
  readonly random: Random;
  readonly operation: Operation;
  readonly operations: readonly Operation[];
}

function changeAttempt(attempt: Attempt, chosen: Chosen): Attempt | undefined {
  const { corruption, random, operation, operations } = chosen;
  const { answer, ...rest } = attempt;
  if (corruption === "time") {
    const span = attempt.end - attempt.call;
    const shift = random.below(120) - 60;
    const call = Math.max(0, attempt.call + shift);
    return { ...attempt, call, end: call + (random.chance(0.5) ? span : random.below(5)) };
  }
  if (corruption === "status") {
    const status = random.pick([401, 404, 409, 422, 0, 500].filter((other) => other !== attempt.status));
    return { ...rest, status };
  }
  if (corruption === "answer of another") {
    const alike = operations.filter(({ request }) => JSON.stringify(request) === JSON.stringify(operation.request));
    const other = random.pick(random.pick(alike).attempts);
    if (other === attempt || operation.request.kind === "put") return undefined;
    return { ...rest, status: other.status, ...(other.answer && { answer: other.answer }) };
  }
  const changed = answer && changeAnswer(answer, chosen);
  return changed && { ...attempt, answer: changed };
}

function changeAnswer(answer: Answer, { corruption, random, operation, operations }: Chosen): Answer | undefined {
  const by = random.chance(0.5) ? 1 : -1;
  if (answer.kind === "value" && corruption === "value") {
    const { request } = operation;
    const values = operations.flatMap(({ request: other }) =>
      other.kind === "put" && "path" in request && (other.path === request.path || random.chance(0.05))
        ? [other.value]
        : [],
    );
    return { kind: "value", value: random.pick(values) };
  }
  if (answer.kind === "written" && corruption === "written version") return { ...answer, version: answer.version + by };
  if (answer.kind === "written" && corruption === "written revision")
    return { ...answer, revision: answer.revision + by };
  if (answer.kind === "metadata" && corruption === "metadata") return changeMetadata(answer, random);
  if (answer.kind === "keys" && corruption === "keys") {
    if (answer.keys.length === 0 || random.chance(0.3)) {
      const added = `team/red/${random.pick(["hot", "cold"])}/${random.below(3)}`;
      return { kind: "keys", keys: [...new Set([...answer.keys, added])].toSorted() };
    }
    const dropped = random.pick(answer.keys);
    return { kind: "keys", keys: answer.keys.filter((key) => key !== dropped) };
  }
  return undefined;
}

function changeMetadata(answer: Extract<Answer, { readonly kind: "metadata" }>, random: Random): Answer {
  const at = random.below(answer.versions.length);
  const change = random.pick(["current", "oldest", "drop", "created", "deleted", "number"] as const);
  if (change === "current" || change === "oldest")
    return { ...answer, [change]: answer[change] + random.pick([1, -1]) };
  if (change === "drop") return { ...answer, versions: answer.versions.filter((_, index) => index !== at) };
  const versions = answer.versions.map((version, index) => {
    if (index !== at) return version;
    if (change === "deleted") return { ...version, deleted: version.deleted === null ? version.created : null };
    return { ...version, [change]: version[change] + 1 };
  });
  return { ...answer, versions };
}

function changeLog(
  log: Entry[],
  {
    corruption,
    random,
    operations,
  }: { readonly corruption: Corruption; readonly random: Random; readonly operations: readonly Operation[] },
): boolean {
  if (log.length < 3) return false;
  const index = random.below(log.length - 1);
  const entry = log[index]!;
  const renumber = (): void => log.forEach((one, at) => (log[at] = { ...one, revision: at + 1 }));
  switch (corruption) {
    case "drop entry":
      log.splice(index, 1);
      if (random.chance(0.5)) renumber();
      return true;
    case "double entry":
      log.splice(index, 0, entry);
      return true;
    case "echo entry":
      log.splice(index + 1 + random.below(log.length - index), 0, { ...entry, writeId: `${entry.writeId} again` });
      renumber();
      return true;
    case "swap entries": {
      const other = log[index + 1]!;
      log[index] = { ...other, revision: entry.revision };
      log[index + 1] = { ...entry, revision: other.revision };
      return true;
    }
    case "entry version":
      if (entry.version === undefined) return false;
      log[index] = { ...entry, version: entry.version + random.pick([1, -1]) };
      return true;
    case "entry trace":
      log[index] = { ...entry, trace: random.pick(random.pick(operations).attempts).trace };
      return true;
    case "entry time":
      log[index] = { ...entry, at: entry.at + 1 };
      return true;
    default:
      return false;
  }
}
