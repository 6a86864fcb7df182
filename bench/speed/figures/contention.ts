import { puts } from "../asks.ts";
import { compare } from "../compare.ts";
import type { Side } from "../load/side.ts";
import { amount, type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

const CLIENTS = 64;

/** All at once on one path: every put but one loses each race, and tries again. */
export async function contention(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const one = mayBeLate(puts(stage, () => "app/hot"));
  const each = mayBeLate(puts(stage, (_, client) => `app/c${client}`));
  const hot = await compare(one, each, scene.pace, { clients: CLIENTS });
  const late = hot.ours.map((sample) => sample.late);
  const slowest = hot.ours.map((sample) => sample.maxMs);
  const against = `${CLIENTS} clients on ${CLIENTS} paths`;
  return [
    throughput(hot, { figure: `put, ${CLIENTS} clients on one path`, against, goal: { least: 0.15 } }),
    amount(late, {
      figure: "of these 503, a round",
      against: "none",
      unit: "requests",
      base: null,
      goal: { most: 0 },
    }),
    amount(slowest, {
      figure: "of these the slowest, a round",
      against: "a deadline of 8000 ms",
      unit: "ms",
      base: null,
    }),
  ];
}

/** A 503 is what a put becomes that has lost until its deadline. */
function mayBeLate(side: Side): Side {
  return { ...side, worth: (status, body) => (status === 503 ? "late" : side.worth(status, body)) };
}
