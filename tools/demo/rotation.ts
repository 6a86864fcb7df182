import { acknowledged, confirm, confirmNone } from "./confirm.ts";
import { NEW_KEY, other, type WorkerNumber } from "./edge.ts";
import { listIn, memberOf } from "./answer.ts";
import type { Scene, Step } from "./scene.ts";
import { until } from "./until.ts";

const CLIENTS = 4;
/** What each client has acknowledged before, between and after the stages. */
const ENOUGH = 10;

/** What happens while the key is rotated. */
interface Traffic {
  /** Workers that requests go to. */
  open: readonly WorkerNumber[];
  readonly underWay: Record<WorkerNumber, number>;
  /** The newest value of each path. */
  readonly values: Map<string, string>;
  done: number;
  isOver: boolean;
}

export const rotation: Step = {
  title: "The root key is rotated while clients are writing",
  async run(scene) {
    const { edge, superuser } = scene;
    const traffic: Traffic = { open: [1, 2], underWay: { 1: 0, 2: 0 }, values: new Map(), done: 0, isOver: false };
    const clients = Array.from({ length: CLIENTS }, async (_, client) => await write(scene, traffic, client));
    const more = async (): Promise<void> => {
      const before = traffic.done;
      await until(() => traffic.done >= before + CLIENTS * ENOUGH);
    };
    const restart = async (worker: WorkerNumber): Promise<void> => {
      traffic.open = [other(worker)];
      await until(() => traffic.underWay[worker] === 0);
      await edge.kill(worker);
      await edge.replace(worker);
      traffic.open = [1, 2];
    };
    const rotate = async (): Promise<readonly string[]> => {
      await more();
      edge.useKeys(["new", "old"]);
      await restart(2);
      await restart(1);
      await more();
      const registered = await superuser.ask(1, "/v1/operator/register", { keyId: NEW_KEY });
      confirm("the new key is registered", { expected: 200, seen: registered.status });
      const rewrapped = await rewrapAll(scene);
      await more();
      const needed = await rowsUnderOldKeys(scene);
      confirm("no row needs the old key", { expected: 0, seen: needed });
      traffic.isOver = true;
      await Promise.all(clients);
      edge.useKeys(["new"]);
      await restart(2);
      confirmNone("a worker without the old key reads everything", await misread(scene, traffic.values));
      const paths = await superuser.list(2);
      edge.useKeys(["new", "old"]);
      await restart(2);
      return [
        "Both workers were restarted with a new key in front, one after the other; then it was registered.",
        `All that was stored was put under it meanwhile: ${rewrapped} rows. Values were not touched.`,
        `${CLIENTS} clients had ${traffic.done} writes acknowledged meanwhile; none failed.`,
        `A worker that has the new key alone reads all ${paths.length} secrets: the old one can go.`,
      ];
    };
    try {
      return await rotate();
    } finally {
      traffic.isOver = true;
      await Promise.allSettled(clients);
    }
  },
};

async function write({ superuser }: Scene, traffic: Traffic, client: number): Promise<void> {
  const path = `rotated/${client + 1}`;
  for (let n = 1; !traffic.isOver; n += 1) {
    const worker = traffic.open[(client + n) % traffic.open.length]!;
    const value = `client ${client + 1}, write ${n}`;
    traffic.underWay[worker] += 1;
    try {
      acknowledged("a write goes on while the key is rotated", await superuser.put(worker, { path, value }));
    } finally {
      traffic.underWay[worker] -= 1;
    }
    traffic.values.set(path, value);
    traffic.done += 1;
  }
}

/** Walks until a walk meets no row that somebody else was faster with. @returns how many rows were put under the new key */
async function rewrapAll({ superuser }: Scene): Promise<number> {
  let rewrapped = 0;
  for (let lost = 1; lost > 0;) {
    lost = 0;
    for (let after: unknown = ""; typeof after === "string";) {
      const { status, body } = await superuser.ask(1, "/v1/operator/rewrap", { after });
      confirm("rows can be put under the new key", { expected: 200, seen: status });
      confirm("all of them verify", { expected: [], seen: memberOf(body, "failed") });
      rewrapped += Number(memberOf(body, "rewrapped"));
      lost += Number(memberOf(body, "lost"));
      after = memberOf(body, "next");
    }
  }
  return rewrapped;
}

async function rowsUnderOldKeys({ superuser }: Scene): Promise<number> {
  const { body } = await superuser.ask(2, "/v1/operator/status", {});
  const counts = listIn(body, "keys")
    .filter((key) => memberOf(key, "keyId") !== NEW_KEY)
    .flatMap((key) => Object.values(Object(memberOf(key, "rows"))).map(Number));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Paths that read otherwise than they were last written. */
async function misread({ superuser }: Scene, values: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [path, value] of values) {
    const answer = await superuser.get(2, path);
    if (!answer.ok || answer.value !== value) problems.push(`"${path}" does not read "${value}"`);
  }
  return problems;
}
