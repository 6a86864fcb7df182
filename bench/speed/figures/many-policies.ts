import { gets } from "../asks.ts";
import { compare } from "../compare.ts";
import { latency, type Result } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

const UNANCHORED = [10, 100, 900];

/** Whether a get minds how many policies there are. */
export async function manyPolicies(scene: Scene): Promise<Result[]> {
  const few = gets(await scene.stage(SMALL));
  const results: Result[] = [];
  for (const [policies, most] of [
    [Math.min(10_000, scene.policies), 1.15],
    [scene.policies, 1.3],
  ] as const) {
    const many = gets(await scene.stage({ ...SMALL, policies }));
    const one = await compare(many, few, scene.pace, { clients: 1 });
    results.push(
      latency(one, { figure: `get with ${policies} policies, p50`, against: "10 policies", goal: { most } }),
    );
  }
  for (const unanchored of UNANCHORED) {
    const tried = gets(await scene.stage({ ...SMALL, unanchored }));
    const one = await compare(tried, few, scene.pace, { clients: 1 });
    results.push(latency(one, { figure: `get with ${unanchored} unanchored policies, p50`, against: "none" }));
  }
  return results;
}
