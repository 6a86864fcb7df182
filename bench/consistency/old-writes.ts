import { type Cluster, DEFAULT_WORKER } from "./cluster/cluster.ts";
import { DAY_MS } from "./faults/database-clock.ts";
import type { AuditEntry, Operation, Request } from "./history/history.ts";
import { readAuditLog } from "./read-audit-log.ts";
import type { Session } from "./session.ts";

/** Writes from before the load, made while clocks were wrong by months. */
export interface OldWrites {
  /** Revision of the last write that is old by both clocks. */
  readonly prunableUntil: number;
  readonly prunableEntries: readonly AuditEntry[];
  /** Writes with keys that must be known as long as the run lasts. */
  readonly young: readonly Operation[];
}

const OLD_MS = -100 * DAY_MS;
const THREE_YEARS_MS = 3 * 365 * DAY_MS;
/** Less than the age of the old writes. */
const KEPT_DAYS = 30;
const PATHS = 5;

/**
 * Makes audit entries that are old by both clocks, then some that only one clock dates back. One of the old entries is from a clock
 * that was years ahead: it must not stop pruning.
 */
export async function prepareOldWrites(cluster: Cluster, session: Session): Promise<OldWrites> {
  const { clock } = session.faults;
  const young: Operation[] = [];
  await restart(cluster, session, OLD_MS);
  clock.set(OLD_MS);
  for (let index = 0; index < PATHS; index += 1) await write(session, put(`old/${index}`, "first"));
  clock.set(THREE_YEARS_MS);
  await write(session, put("old/0", "second"));
  clock.set(OLD_MS);
  for (let index = 0; index < PATHS; index += 1) await write(session, put(`old/${index}`, "third"));
  await write(session, { kind: "grant", team: "old", permissions: ["read"] });
  const prunableUntil = await write(session, { kind: "revoke", team: "old" });
  const prunableEntries = await readAuditLog(cluster.database.url());

  await restart(cluster, session, 0);
  for (let index = 0; index < PATHS; index += 1) {
    young.push(await writeWithKey(session, put(`old/${index}`, "while only the database's clock is behind")));
  }
  await restart(cluster, session, OLD_MS);
  clock.set(0);
  for (let index = 0; index < PATHS; index += 1) {
    young.push(await writeWithKey(session, put(`old/${index}`, "while only the workers' clocks are behind")));
  }
  await restart(cluster, session, 0);
  await write(session, put("old/0", "last"));
  return { prunableUntil, prunableEntries, young };
}

/** Prunes, then repeats the writes that are young by one clock. */
export async function repeatOldWrites(
  session: Session,
  oldWrites: OldWrites | undefined,
): Promise<{ readonly floor: number; readonly expected: number } | undefined> {
  if (oldWrites === undefined) return undefined;
  const { exchanges } = await session.executeAsSuperuser({ kind: "prune", days: KEPT_DAYS }, { worker: 0 });
  for (const [index, operation] of oldWrites.young.entries()) await session.repeat(operation, index);
  const result = exchanges.at(-1)?.result;
  return { floor: result?.kind === "pruned" ? result.floor : 0, expected: oldWrites.prunableUntil };
}

type Put = Extract<Request, { readonly kind: "put" }>;

function put(path: string, text: string): Put {
  return { kind: "put", path, value: `${path} ${text}` };
}

/** @returns the revision */
async function write(session: Session, request: Request): Promise<number> {
  return revisionOf(await session.executeAsSuperuser(request, { worker: 0 }));
}

async function writeWithKey(session: Session, request: Put): Promise<Operation> {
  const operation = await session.executeAsSuperuser(request, {
    worker: 0,
    key: request.value.replaceAll(/\W+/g, "-"),
  });
  revisionOf(operation);
  return operation;
}

function revisionOf({ request, exchanges }: Operation): number {
  const last = exchanges.at(-1);
  if (last?.result?.kind === "written") return last.result.revision;
  throw new Error(`Cannot prepare the run: a ${request.kind} had status ${last?.status}`);
}

async function restart({ workers }: Cluster, session: Session, clockSkewMs: number): Promise<void> {
  session.clockSkewMs = clockSkewMs;
  await Promise.all(
    workers.map(async (worker) => {
      await worker.kill();
      await worker.start({ ...DEFAULT_WORKER, clockSkewMs });
    }),
  );
}
