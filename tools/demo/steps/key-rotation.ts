import { NEW_KEY, otherWorker, type WorkerNumber } from "../cluster.ts";
import { confirm, confirmAcknowledged, confirmNoProblems } from "../confirm.ts";
import { listIn, memberOf } from "../response.ts";
import type { DemoContext, Step } from "../step.ts";
import { waitUntil } from "../wait-until.ts";

const WRITERS = 4;
/** Writes per writer before, between and after the phases of the rotation. */
const MIN_WRITES_PER_PHASE = 10;

/** The writes that run during the rotation. */
interface Traffic {
  /** Workers that accept new requests. */
  available: readonly WorkerNumber[];
  readonly inFlight: Record<WorkerNumber, number>;
  readonly latestValues: Map<string, string>;
  acknowledged: number;
  isOver: boolean;
}

export const keyRotation: Step = {
  title: "The root key is rotated while clients write",
  async run(context) {
    const traffic: Traffic = {
      available: [1, 2],
      inFlight: { 1: 0, 2: 0 },
      latestValues: new Map(),
      acknowledged: 0,
      isOver: false,
    };
    const writers = Array.from({ length: WRITERS }, async (_, index) => await runWriter(context, traffic, index + 1));
    try {
      // A failed writer must end the step at once: the rotation would wait for its writes forever.
      const [lines] = await Promise.all([rotate(context, traffic, writers), ...writers]);
      return lines;
    } finally {
      traffic.isOver = true;
      await Promise.allSettled(writers);
    }
  },
};

async function rotate(
  context: DemoContext,
  traffic: Traffic,
  writers: readonly Promise<void>[],
): Promise<readonly string[]> {
  const { cluster, superuser } = context;
  const waitForWrites = async (): Promise<void> => {
    const before = traffic.acknowledged;
    await waitUntil(() => traffic.acknowledged >= before + WRITERS * MIN_WRITES_PER_PHASE);
  };
  await waitForWrites();
  cluster.useKeys(["new", "old"]);
  await restart(context, traffic, 2);
  await restart(context, traffic, 1);
  await waitForWrites();
  const registered = await superuser.send(1, "/v1/operator/register", { keyId: NEW_KEY });
  confirm("the new key can be registered", { expected: 200, actual: registered.status });
  const rewrapped = await rewrapAll(context);
  await waitForWrites();
  confirm("no row needs the old key", { expected: 0, actual: await countRowsUnderOldKeys(context) });
  traffic.isOver = true;
  await Promise.all(writers);
  cluster.useKeys(["new"]);
  await restart(context, traffic, 2);
  const misread = await findMisreadPaths(context, traffic.latestValues);
  confirmNoProblems("a worker without the old key reads every secret", misread);
  const paths = await superuser.list(2);
  // The old key is still needed to verify the audit entries of the earlier steps.
  cluster.useKeys(["new", "old"]);
  await restart(context, traffic, 2);
  return [
    "Both workers were restarted, one after the other, with a new key in front. Then that key was registered.",
    `The ${rewrapped} rows still under the old key were moved to the new one. The stored values did not change.`,
    `${WRITERS} clients had ${traffic.acknowledged} writes acknowledged during the rotation; none failed.`,
    `A worker with only the new key reads all ${paths.length} secrets: the old key can be removed.`,
  ];
}

/** Restarts a worker with the current keys after its requests have finished. */
async function restart({ cluster }: DemoContext, traffic: Traffic, worker: WorkerNumber): Promise<void> {
  traffic.available = [otherWorker(worker)];
  await waitUntil(() => traffic.inFlight[worker] === 0);
  await cluster.kill(worker);
  await cluster.replace(worker);
  traffic.available = [1, 2];
}

async function runWriter({ superuser }: DemoContext, traffic: Traffic, writer: number): Promise<void> {
  const path = `rotated/${writer}`;
  for (let count = 1; !traffic.isOver; count += 1) {
    const worker = traffic.available[(writer + count) % traffic.available.length]!;
    const value = `writer ${writer}, write ${count}`;
    traffic.inFlight[worker] += 1;
    try {
      const result = await superuser.put(worker, { path, value });
      confirmAcknowledged("writes succeed during the rotation", result);
    } finally {
      traffic.inFlight[worker] -= 1;
    }
    traffic.latestValues.set(path, value);
    traffic.acknowledged += 1;
  }
}

/** Rewraps until no row was skipped because of a concurrent write. @returns the number of rewrapped rows */
async function rewrapAll({ superuser }: DemoContext): Promise<number> {
  let rewrapped = 0;
  for (let lost = 1; lost > 0;) {
    lost = 0;
    for (let after: unknown = ""; typeof after === "string";) {
      const { status, body } = await superuser.send(1, "/v1/operator/rewrap", { after });
      confirm("rows can be rewrapped", { expected: 200, actual: status });
      confirm("all rows verify", { expected: [], actual: memberOf(body, "failed") });
      rewrapped += Number(memberOf(body, "rewrapped"));
      lost += Number(memberOf(body, "lost"));
      after = memberOf(body, "next");
    }
  }
  return rewrapped;
}

async function countRowsUnderOldKeys({ superuser }: DemoContext): Promise<number> {
  const { body } = await superuser.send(2, "/v1/operator/status", {});
  const counts = listIn(body, "keys")
    .filter((key) => memberOf(key, "keyId") !== NEW_KEY)
    .flatMap((key) => Object.values(Object(memberOf(key, "rows"))).map(Number));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function findMisreadPaths(
  { superuser }: DemoContext,
  values: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [path, value] of values) {
    const result = await superuser.get(2, path);
    if (!result.ok || result.value !== value) problems.push(`"${path}" does not have the value "${value}"`);
  }
  return problems;
}
