import { type Client, type Done, type Put, send, writeOn } from "./client.ts";
import { confirm, confirmNone } from "./confirm.ts";
import { lostUpdates, unevenness, unmatchedWrites } from "./history.ts";
import { readAudit } from "./read-audit.ts";
import type { Scene, Step } from "./scene.ts";
import { until } from "./until.ts";

const PATHS: readonly string[] = Array.from({ length: 8 }, (_, index) => `jobs/${index + 1}`);
const LEAST_KILLS = 4;
/** It takes luck to kill a worker between a commit and its answer: by now there was some, all but certainly. */
const MOST_KILLS = 12;
/** One a path. */
const CLIENTS_OF_1 = 8;
/** They write to the same paths as the first of worker 1's. */
const CLIENTS_OF_2 = 3;
/** What worker 1 acknowledges before each of its deaths, and worker 2 before there is a new worker 1. */
const ENOUGH = 8;

/** All that was written. */
interface Story {
  kills: number;
  readonly byWorker1: Done[];
  readonly byWorker2: Done[];
  /** What was interrupted, after it was sent again. */
  readonly again: Done[];
  /** How many of those the killed worker had committed. */
  already: number;
  /** How many worker 2 acknowledged while there was no worker 1. */
  alone: number;
  isOver: boolean;
}

export const killedWorker: Step = {
  title: "Worker 1 is killed in the middle of writes, again and again, while worker 2 goes on",
  async run(scene) {
    const story: Story = { kills: 0, byWorker1: [], byWorker2: [], again: [], already: 0, alone: 0, isOver: false };
    await Promise.all([killRepeatedly(scene, story), ...clientsOf2(scene, story)]);
    const { kills, byWorker1, byWorker2, again, already, alone } = story;
    const writes = [...byWorker1, ...byWorker2, ...again];
    const counts = { versions: 0, entries: 0 };
    const lookAt = async (path: string): Promise<void> => {
      const found = await look(scene, { path, writes: writes.filter((write) => write.path === path) });
      counts.versions += found.versions;
      counts.entries += found.entries;
    };
    await Promise.all(PATHS.map(lookAt));
    const expected = { versions: writes.length, entries: writes.length };
    confirm("each write is one version and one audit entry", { expected, seen: counts });
    return [
      `worker 1 acknowledged ${byWorker1.length} writes and was killed (SIGKILL) ${kills} times; ${again.length} writes got no answer.`,
      `worker 2 acknowledged ${byWorker2.length}, ${alone} of them while there was no worker 1; none failed.`,
      "Those without an answer were sent again to worker 2, twice each, under their Idempotency-Keys:",
      `${already} had been committed before and got that commit's answer, ${again.length - already} were committed now.`,
      `${writes.length} writes, ${counts.versions} versions, ${counts.entries} audit entries: each happened exactly once.`,
      "(The versions were read through the newest worker 1, which nobody told anything.)",
    ];
  },
};

async function killRepeatedly(scene: Scene, story: Story): Promise<void> {
  while (story.kills < LEAST_KILLS || (story.already === 0 && story.kills < MOST_KILLS)) {
    const interrupted = await liveAndDie(scene, story);
    const before = story.byWorker2.length;
    const { revision } = await readAudit(scene.superuser, 2, `secret:${PATHS[0]}`);
    const again = await Promise.all(interrupted.map(async (put) => await sendTwice(scene, put)));
    story.again.push(...again);
    story.already += again.filter((write) => write.revision <= revision).length;
    // Each client may have one write that was sent before: the others were both sent and acknowledged without worker 1.
    await until(() => story.byWorker2.length >= before + CLIENTS_OF_2 + ENOUGH);
    story.alone += story.byWorker2.length - before;
    await scene.edge.replace(1);
  }
  story.isOver = true;
}

/** @returns what got no answer */
async function liveAndDie({ edge, superuser }: Scene, story: Story): Promise<readonly Put[]> {
  const done: Done[] = [];
  let killed = false;
  const clients = Array.from({ length: CLIENTS_OF_1 }, async (_, index) => {
    const name = `life ${story.kills + 1} of worker 1, client ${index + 1}`;
    return await writeOn(
      { name, path: pathOf(index), worker: 1, caller: superuser },
      { isOver: () => false, isKilled: () => killed, onDone: (write) => void done.push(write) },
    );
  });
  const kill = async (): Promise<void> => {
    await until(() => done.length >= ENOUGH);
    killed = true;
    await edge.kill(1);
  };
  const [, ...puts] = await Promise.all([kill(), ...clients]);
  const interrupted = puts.filter((put) => put !== undefined);
  confirm("each client of worker 1 is interrupted", { expected: CLIENTS_OF_1, seen: interrupted.length });
  story.kills += 1;
  story.byWorker1.push(...done);
  return interrupted;
}

function clientsOf2({ superuser }: Scene, story: Story): readonly Promise<Put | undefined>[] {
  return Array.from({ length: CLIENTS_OF_2 }, async (_, index) => {
    const client: Client = { name: `worker 2, client ${index + 1}`, path: pathOf(index), worker: 2, caller: superuser };
    const onDone = (write: Done): void => void story.byWorker2.push(write);
    return await writeOn(client, { isOver: () => story.isOver, isKilled: () => false, onDone });
  });
}

function pathOf(index: number): string {
  return PATHS[index % PATHS.length]!;
}

async function sendTwice({ superuser }: Scene, put: Put): Promise<Done> {
  const client = { caller: superuser, worker: 2 } as const;
  const [first, second] = await Promise.all([send(client, put), send(client, put)]);
  const told = ({ version, revision }: Done): string => `version ${version} at revision ${revision}`;
  confirm(`"${put.value}", sent twice, gets one answer`, { expected: told(first), seen: told(second) });
  return first;
}

/** Reads all versions of a path through worker 1, and its audit. @returns how many of each there are */
async function look(
  { superuser, ledger }: Scene,
  { path, writes }: { readonly path: string; readonly writes: readonly Done[] },
): Promise<{ readonly versions: number; readonly entries: number }> {
  const resource = `secret:${path}`;
  const seen = new Map<number, string>();
  for (let version = 1; ; version += 1) {
    const answer = await superuser.get(1, path, version);
    if (!answer.ok) break;
    seen.set(version, answer.value);
  }
  const versions = writes.map(({ version }) => version);
  confirmNone(`"${path}" has a version of its own for each write`, unevenness(versions, writes.length));
  confirmNone(`"${path}" has the value of each write`, lostUpdates(writes, seen));
  const { entries } = await readAudit(superuser, 1, resource);
  const sent = ledger.writes.filter((write) => write.resource === resource);
  confirmNone(`the audit has each write of "${path}" once`, unmatchedWrites(sent, entries));
  return { versions: seen.size, entries: entries.length };
}
