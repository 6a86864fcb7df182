import { setTimeout as pause } from "node:timers/promises";
import { type Fault, isWon, type Progress } from "../../../tools/fault-proxy/fault-proxy.ts";
import { type Edge, type Place, PLAIN_LIFE, type WorkerLife } from "../edge/edge.ts";
import type { Chance } from "../load/chance.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-name.ts";
import type { Due } from "./traffic.ts";

type When = "arriving" | "under way" | "answered";

interface Disaster {
  readonly name: FaultName;
  strike(): Promise<void>;
}

const WAIT_FOR_COMMIT_MS = 3000;
const SKEW_MS = 600_000;
/** Which key is the primary one changes, and whether there is one more; an odd number, so that places take turns. */
const LIVES: readonly WorkerLife[] = [
  { clockSkewMs: SKEW_MS, ring: ["b", "a"] },
  { clockSkewMs: -SKEW_MS, ring: ["a", "b"] },
  { clockSkewMs: 0, ring: ["b", "c", "a"] },
  { clockSkewMs: SKEW_MS, ring: ["a", "b", "c"] },
  { clockSkewMs: -SKEW_MS, ring: ["b", "a"] },
];

/** What happens to the next commit of a worker, and then no more. */
export class DueFault implements Due {
  private fault: Fault | undefined;

  take(): Fault | undefined {
    const { fault } = this;
    this.fault = undefined;
    return fault;
  }

  /** Lets `act` happen with the next commit. @returns what it says; undefined when there was none before long */
  async with<T>(when: When, act: (progress: Progress) => Promise<T>): Promise<T | undefined> {
    return await new Promise<T | undefined>((resolve, reject) => {
      let expired = false;
      const late = setTimeout(() => {
        expired = true;
        this.fault = undefined;
        resolve(undefined);
      }, WAIT_FOR_COMMIT_MS);
      const meanwhile = async (progress: Progress): Promise<void> => {
        // Nobody would start again what is killed now.
        if (expired) return;
        clearTimeout(late);
        await act(progress).then(resolve, reject);
      };
      this.fault = { when, meanwhile };
    });
  }
}

/** Kills and locks, one disaster after the other until `signal` aborts, in pauses of about `everyMs`. */
export async function letDisastersStrike(
  edge: Edge,
  run: {
    readonly dues: readonly DueFault[];
    readonly chance: Chance;
    readonly counts: FaultCounts;
    readonly everyMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { counts, chance, everyMs, signal } = run;
  const disasters = disastersOf(edge, run).filter(({ name }) => counts.chosen.has(name));
  for (let round = 0; disasters.length > 0 && !signal.aborted; round += 1) {
    await pause(everyMs * (0.5 + chance.next()), undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await disasters[round % disasters.length]?.strike();
  }
}

function disastersOf(
  edge: Edge,
  run: { readonly dues: readonly DueFault[]; readonly chance: Chance; readonly counts: FaultCounts },
): readonly Disaster[] {
  const { chance, counts, dues } = run;
  const reborn = rebirth(run);
  const at = (): { readonly place: Place | undefined; readonly due: DueFault | undefined } => {
    const index = chance.below(edge.places.length);
    return { place: edge.places[index], due: dues[index] };
  };
  const killWorker = (when: When, counter: FaultCounter): Disaster => ({
    name: "worker-killed",
    async strike() {
      const { place, due } = at();
      const struck = await due?.with(when, async (progress) => {
        // The request is on its way, and how far it gets is left to chance.
        if (when === "under way") await pause(chance.below(2));
        const answer = progress.answer();
        await place?.kill();
        return when === "arriving" || (when === "under way" ? answer === undefined : isWon(answer ?? ""));
      });
      if (struck === undefined) return;
      if (struck) counts.count(counter);
      if (place !== undefined) await place.start(reborn(place));
    },
  });
  const replaceWorker = (name: FaultName): Disaster => ({
    name,
    async strike() {
      const { place } = at();
      await place?.kill();
      if (place !== undefined) await place.start(reborn(place));
    },
  });
  return [
    killWorker("arriving", "worker killed before the commit"),
    {
      name: "database-killed",
      async strike() {
        const inMidBatch = await at().due?.with("under way", async (progress) => {
          await pause(chance.below(2));
          const unanswered = progress.answer() === undefined;
          await edge.database.kill();
          return unanswered;
        });
        if (inMidBatch === undefined) return;
        if (inMidBatch) counts.count("database killed in mid-batch");
        await pause(chance.below(300));
        await edge.database.start();
      },
    },
    killWorker("under way", "worker killed during the commit"),
    {
      name: "busy",
      strike: async () => await edge.database.lock(250 + chance.below(300)),
    },
    killWorker("answered", "worker killed after the commit"),
    replaceWorker("key-ring"),
    replaceWorker("clock"),
  ];
}

/** How a worker comes back: each time otherwise. */
function rebirth({ counts }: { readonly counts: FaultCounts }): (place: Place) => WorkerLife {
  const rings = new Map<Place, string>();
  let births = 0;
  return (place) => {
    const life = LIVES[births % LIVES.length] ?? PLAIN_LIFE;
    births += 1;
    const clockSkewMs = counts.chosen.has("clock") ? life.clockSkewMs : 0;
    if (clockSkewMs > 0) counts.count("worker started 10 minutes ahead");
    if (clockSkewMs < 0) counts.count("worker started 10 minutes behind");
    if (!counts.chosen.has("key-ring")) return { ...PLAIN_LIFE, clockSkewMs };
    const ring = life.ring.join();
    if (ring !== (rings.get(place) ?? PLAIN_LIFE.ring.join())) counts.count("key ring changed");
    rings.set(place, ring);
    return { ...life, clockSkewMs };
  };
}
