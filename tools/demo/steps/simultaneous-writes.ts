import { findLostUpdates, findSequenceErrors } from "../check-history.ts";
import { otherWorker, type WorkerNumber, WORKERS } from "../cluster.ts";
import { confirm, confirmAcknowledged, confirmNoProblems } from "../confirm.ts";
import { type DemoContext, SHARED_PATH, type Step } from "../step.ts";

const ROUNDS = 25;

interface RoundWrite {
  readonly round: number;
  readonly worker: WorkerNumber;
  readonly version: number;
  readonly value: string;
}

export const simultaneousWrites: Step = {
  title: `Both workers write "${SHARED_PATH}" at the same time, ${ROUNDS} times`,
  async run(context) {
    const writes: RoundWrite[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      writes.push(...(await Promise.all(WORKERS.map(async (worker) => await write(context, worker, round)))));
    }
    const lost = findLostUpdates(writes, await readThroughOtherWorker(context, writes));
    confirmNoProblems("no update is lost", lost);
    const versions = writes.map(({ version }) => version);
    confirmNoProblems("every version is acknowledged once", findSequenceErrors(versions, writes.length));
    const rounds = writes.toSorted((a, b) => a.version - b.version).map(({ round }) => round);
    confirm("versions follow the order of the rounds", { expected: rounds.toSorted((a, b) => a - b), actual: rounds });
    return [
      ...WORKERS.map((worker) => `worker ${worker} wrote versions ${versionsOf(worker, writes)}`),
      `All ${writes.length} writes were acknowledged. Each version was read through the other worker and has its value.`,
      `lost updates: ${lost.length}`,
    ];
  },
};

async function write({ superuser }: DemoContext, worker: WorkerNumber, round: number): Promise<RoundWrite> {
  const value = `round ${round}, worker ${worker}`;
  const result = await superuser.put(worker, { path: SHARED_PATH, value });
  const { version } = confirmAcknowledged(`worker ${worker} acknowledges its write of round ${round}`, result);
  return { round, worker, version, value };
}

async function readThroughOtherWorker(
  { superuser }: DemoContext,
  writes: readonly RoundWrite[],
): Promise<ReadonlyMap<number, string | undefined>> {
  const values = new Map<number, string | undefined>();
  for (const { worker, version } of writes) {
    const result = await superuser.get(otherWorker(worker), SHARED_PATH, version);
    values.set(version, result.ok ? result.value : undefined);
  }
  return values;
}

function versionsOf(worker: WorkerNumber, writes: readonly RoundWrite[]): string {
  return writes
    .filter((write) => write.worker === worker)
    .map(({ version }) => version)
    .join(" ");
}
