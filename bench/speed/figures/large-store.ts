import { gets, puts } from "../asks.ts";
import { compare } from "../compare.ts";
import { latency, type Result } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

/** Whether a get or a put minds how many secrets there are. */
export async function largeStore(scene: Scene): Promise<Result[]> {
  const [small, large] = [await scene.stage(SMALL), await scene.stage({ ...SMALL, secrets: scene.secrets })];
  const results: Result[] = [];
  for (const [name, side] of [
    ["get", gets],
    ["put", puts],
  ] as const) {
    const one = await compare(side(large), side(small), scene.pace, { clients: 1 });
    const figure = `${name} with ${scene.secrets} secrets, p50`;
    results.push(latency(one, { figure, against: `${SMALL.secrets} secrets`, goal: { most: 1.2 } }));
  }
  return results;
}
