import { findLostUpdates, findSequenceErrors, findUnmatchedWrites } from "../check-history.ts";
import { confirm, confirmNoProblems } from "../confirm.ts";
import { readAudit } from "../read-audit.ts";
import type { DemoContext, Step } from "../step.ts";
import { waitUntil } from "../wait-until.ts";
import { type AcknowledgedPut, type Put, runWriter, sendPut } from "../writer.ts";

const PATHS: readonly string[] = Array.from({ length: 8 }, (_, index) => `jobs/${index + 1}`);
const MIN_KILLS = 4;
/** A kill rarely hits a worker between a commit and its response. After this many kills, one almost certainly has. */
const MAX_KILLS = 12;
/** One per path. */
const WRITERS_OF_WORKER_1 = 8;
/** They write to the same paths as the first writers of worker 1. */
const WRITERS_OF_WORKER_2 = 3;
/** Writes acknowledged by worker 1 before each kill, and by worker 2 before each replacement. */
const MIN_WRITES = 8;

/** Everything that was written during this step. */
interface CrashRun {
  kills: number;
  readonly byWorker1: AcknowledgedPut[];
  readonly byWorker2: AcknowledgedPut[];
  /** Puts that were interrupted by a kill and sent again to worker 2. */
  readonly retried: AcknowledgedPut[];
  /** Number of retried puts that the killed worker had already committed. */
  committedBefore: number;
  /** Number of puts that worker 2 acknowledged while worker 1 was down. */
  whileDown: number;
  isOver: boolean;
}

export const workerCrash: Step = {
  title: "Worker 1 is killed repeatedly during writes, while worker 2 continues",
  async run(context) {
    const run: CrashRun = {
      kills: 0,
      byWorker1: [],
      byWorker2: [],
      retried: [],
      committedBefore: 0,
      whileDown: 0,
      isOver: false,
    };
    await Promise.all([killRepeatedly(context, run), ...startWritersOfWorker2(context, run)]);
    const { kills, byWorker1, byWorker2, retried, committedBefore, whileDown } = run;
    const writes = [...byWorker1, ...byWorker2, ...retried];
    const counts = { versions: 0, entries: 0 };
    const check = async (path: string): Promise<void> => {
      const { versions, entries } = await checkPath(context, path, writes);
      counts.versions += versions;
      counts.entries += entries;
    };
    await Promise.all(PATHS.map(check));
    const expected = { versions: writes.length, entries: writes.length };
    confirm("a kill hits a worker between a commit and its response", { expected: true, actual: committedBefore > 0 });
    confirm("each write has one version and one audit entry", { expected, actual: counts });
    return [
      `worker 1 acknowledged ${byWorker1.length} writes and was killed (SIGKILL) ${kills} times; ${retried.length} writes got no response.`,
      `worker 2 acknowledged ${byWorker2.length} writes, ${whileDown} of them while worker 1 was down; none failed.`,
      `The ${retried.length} writes were sent again to worker 2, twice each, with their original Idempotency-Keys:`,
      `${committedBefore} had already been committed and returned the original result; ${retried.length - committedBefore} were committed now.`,
      `${writes.length} writes, ${counts.versions} versions, ${counts.entries} audit entries: each write happened exactly once.`,
      "(The versions were read through the last replacement of worker 1, which started without any state.)",
    ];
  },
};

async function killRepeatedly(context: DemoContext, run: CrashRun): Promise<void> {
  const { cluster, superuser } = context;
  while (run.kills < MIN_KILLS || (run.committedBefore === 0 && run.kills < MAX_KILLS)) {
    const interrupted = await writeUntilKilled(context, run);
    const before = run.byWorker2.length;
    const { revision } = await readAudit(superuser, 2, `secret:${PATHS[0]}`);
    const retried = await Promise.all(interrupted.map(async (put) => await retryTwice(context, put)));
    run.retried.push(...retried);
    run.committedBefore += retried.filter((put) => put.revision <= revision).length;
    // Each writer of worker 2 may have sent one put before the kill. All later ones ran entirely while worker 1 was down.
    await waitUntil(() => run.byWorker2.length >= before + WRITERS_OF_WORKER_2 + MIN_WRITES);
    run.whileDown += run.byWorker2.length - before;
    await cluster.replace(1);
  }
  run.isOver = true;
}

/** Writes through worker 1 until it is killed. @returns the puts that got no response */
async function writeUntilKilled({ cluster, superuser }: DemoContext, run: CrashRun): Promise<readonly Put[]> {
  const acknowledged: AcknowledgedPut[] = [];
  let isKilled = false;
  const writers = Array.from({ length: WRITERS_OF_WORKER_1 }, async (_, index) => {
    const name = `worker 1 before kill ${run.kills + 1}, writer ${index + 1}`;
    return await runWriter(
      { name, path: pathOf(index), worker: 1, client: superuser },
      { isDone: () => false, isKilled: () => isKilled, onAcknowledged: (put) => void acknowledged.push(put) },
    );
  });
  const kill = async (): Promise<void> => {
    await waitUntil(() => acknowledged.length >= MIN_WRITES);
    isKilled = true;
    await cluster.kill(1);
  };
  const [, ...puts] = await Promise.all([kill(), ...writers]);
  const interrupted = puts.filter((put) => put !== undefined);
  confirm("each writer of worker 1 is interrupted", { expected: WRITERS_OF_WORKER_1, actual: interrupted.length });
  run.kills += 1;
  run.byWorker1.push(...acknowledged);
  return interrupted;
}

function startWritersOfWorker2({ superuser }: DemoContext, run: CrashRun): readonly Promise<Put | undefined>[] {
  return Array.from({ length: WRITERS_OF_WORKER_2 }, async (_, index) => {
    return await runWriter(
      { name: `worker 2, writer ${index + 1}`, path: pathOf(index), worker: 2, client: superuser },
      { isDone: () => run.isOver, isKilled: () => false, onAcknowledged: (put) => void run.byWorker2.push(put) },
    );
  });
}

function pathOf(index: number): string {
  return PATHS[index % PATHS.length]!;
}

async function retryTwice({ superuser }: DemoContext, put: Put): Promise<AcknowledgedPut> {
  const writer = { client: superuser, worker: 2 } as const;
  const [first, second] = await Promise.all([sendPut(writer, put), sendPut(writer, put)]);
  const format = ({ version, revision }: AcknowledgedPut): string => `version ${version} at revision ${revision}`;
  confirm(`"${put.value}", sent twice, gets one result`, { expected: format(first), actual: format(second) });
  return first;
}

/** Checks all versions and audit entries of a path through worker 1. @returns how many there are */
async function checkPath(
  { superuser, ledger }: DemoContext,
  path: string,
  allWrites: readonly AcknowledgedPut[],
): Promise<{ readonly versions: number; readonly entries: number }> {
  const writes = allWrites.filter((write) => write.path === path);
  const resource = `secret:${path}`;
  const stored = new Map<number, string>();
  for (let version = 1; ; version += 1) {
    const result = await superuser.get(1, path, version);
    if (!result.ok) break;
    stored.set(version, result.value);
  }
  const versions = writes.map(({ version }) => version);
  confirmNoProblems(`each write of "${path}" has its own version`, findSequenceErrors(versions, writes.length));
  confirmNoProblems(`each version of "${path}" has its value`, findLostUpdates(writes, stored));
  const { entries } = await readAudit(superuser, 1, resource);
  const acknowledged = ledger.writes.filter((write) => write.resource === resource);
  const unmatched = findUnmatchedWrites(acknowledged, entries);
  confirmNoProblems(`the audit log contains each write of "${path}" once`, unmatched);
  return { versions: stored.size, entries: entries.length };
}
