import { acknowledged, confirm, confirmNone } from "./confirm.ts";
import { other, type WorkerNumber, WORKERS } from "./edge.ts";
import { lostUpdates, unevenness } from "./history.ts";
import { type Scene, SHARED_PATH, type Step } from "./scene.ts";

const ROUNDS = 25;

interface Written {
  readonly round: number;
  readonly worker: WorkerNumber;
  readonly version: number;
  readonly value: string;
}

export const simultaneousWrites: Step = {
  title: `Both workers write "${SHARED_PATH}" at the same moment, ${ROUNDS} times`,
  async run(scene) {
    const writes: Written[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      writes.push(...(await Promise.all(WORKERS.map(async (worker) => await write(scene, worker, round)))));
    }
    const lost = lostUpdates(writes, await readThroughTheOther(scene, writes));
    confirmNone("no update is lost", lost);
    const versions = writes.map(({ version }) => version);
    confirmNone("every version is acknowledged once", unevenness(versions, writes.length));
    const rounds = writes.toSorted((a, b) => a.version - b.version).map(({ round }) => round);
    confirm("versions follow the order of the rounds", { expected: rounds.toSorted((a, b) => a - b), seen: rounds });
    return [
      ...WORKERS.map((worker) => `worker ${worker} wrote version ${versionsOf(worker, writes)}`),
      `All ${writes.length} were acknowledged. Each one, read by its number through the other worker, has its value.`,
      `lost updates: ${lost.length}`,
    ];
  },
};

async function write({ superuser }: Scene, worker: WorkerNumber, round: number): Promise<Written> {
  const value = `round ${round}, worker ${worker}`;
  const answer = await superuser.put(worker, { path: SHARED_PATH, value });
  const { version } = acknowledged(`worker ${worker} acknowledges its write of round ${round}`, answer);
  return { round, worker, version, value };
}

async function readThroughTheOther(
  { superuser }: Scene,
  writes: readonly Written[],
): Promise<ReadonlyMap<number, string | undefined>> {
  const seen = new Map<number, string | undefined>();
  for (const { worker, version } of writes) {
    const answer = await superuser.get(other(worker), SHARED_PATH, version);
    seen.set(version, answer.ok ? answer.value : undefined);
  }
  return seen;
}

function versionsOf(worker: WorkerNumber, writes: readonly Written[]): string {
  return writes
    .filter((write) => write.worker === worker)
    .map(({ version }) => version)
    .join(" ");
}
