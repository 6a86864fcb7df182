import { setTimeout as pause } from "node:timers/promises";
import type { Fault } from "../../../tools/fault-proxy/fault-proxy.ts";
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
const LIVES: readonly [WorkerLife, WorkerLife, WorkerLife, WorkerLife] = [
  { clockSkewMs: SKEW_MS, ring: ["b", "a"] },
  { clockSkewMs: -SKEW_MS, ring: ["a", "b"] },
  { clockSkewMs: 0, ring: ["b", "a"] },
  PLAIN_LIFE,
];

/** What happens to the next commit of any worker, and then no more. */
export class DueFault implements Due {
  private fault: Fault | undefined;

  take(): Fault | undefined {
    const { fault } = this;
    this.fault = undefined;
    return fault;
  }

  /** Lets `act` happen with the next commit. @returns whether there was one before long */
  async with(when: When, act: () => Promise<void>): Promise<boolean> {
    let struck: Promise<void> | undefined;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, WAIT_FOR_COMMIT_MS);
      const meanwhile = async (): Promise<void> => {
        clearTimeout(late);
        struck = act();
        await struck.finally(resolve);
      };
      this.fault = { when, meanwhile };
    });
    this.fault = undefined;
    return struck !== undefined;
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
      const struck = await due?.with(when, async () => {
        // The request is on its way, and how far it gets is left to chance.
        if (when === "under way") await pause(chance.below(4));
        await place?.kill();
      });
      if (struck !== true) return;
      counts.count(counter);
      await place?.start(reborn());
    },
  });
  return [
    killWorker("arriving", "worker killed before the commit"),
    {
      name: "database-killed",
      async strike() {
        const struck = await at().due?.with("under way", async () => {
          await pause(chance.below(4));
          await edge.database.kill();
        });
        if (struck !== true) return;
        counts.count("database killed in mid-batch");
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
    {
      name: "key-ring",
      async strike() {
        const { place } = at();
        await place?.kill();
        await place?.start(reborn());
      },
    },
    {
      name: "clock",
      async strike() {
        const { place } = at();
        await place?.kill();
        await place?.start(reborn());
      },
    },
  ];
}

/** How a worker comes back: each time otherwise. */
function rebirth({ counts }: { readonly counts: FaultCounts }): () => WorkerLife {
  let births = 0;
  let ring = PLAIN_LIFE.ring.join();
  return () => {
    const life = LIVES[births % LIVES.length] ?? PLAIN_LIFE;
    births += 1;
    const clockSkewMs = counts.chosen.has("clock") ? life.clockSkewMs : 0;
    if (clockSkewMs > 0) counts.count("worker started 10 minutes ahead");
    if (clockSkewMs < 0) counts.count("worker started 10 minutes behind");
    if (!counts.chosen.has("key-ring")) return { ...PLAIN_LIFE, clockSkewMs };
    if (life.ring.join() !== ring) counts.count("key ring changed");
    ring = life.ring.join();
    return { ...life, clockSkewMs };
  };
}
