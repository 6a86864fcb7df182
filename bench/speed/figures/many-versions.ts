import { gets, puts } from "../asks.ts";
import { compare } from "../compare.ts";
import { latency, type Result } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

const [FEW, MANY] = [10, 1000];

/** Whether a get of the current version minds how many are kept. A put has to: it signs the list of them. */
export async function manyVersions(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage({ ...SMALL, keptVersions: MANY });
  for (const [path, versions] of [
    ["app/few", FEW],
    ["app/many", MANY],
  ] as const) {
    for (let n = 0; n < versions; n += 1) {
      await stage.post("/v1/store/secrets", { path, values: { user: "app", password: String(n) } });
    }
  }
  const [few, many] = [() => "app/few", () => "app/many"];
  const read = await compare(gets(stage, many), gets(stage, few), scene.pace, { clients: 1 });
  const written = await compare(
    puts(stage, many),
    puts(await scene.stage(SMALL), (n) => `app/s${n % FEW}`),
    scene.pace,
    { clients: 1 },
  );
  const against = `${FEW} versions`;
  return [
    latency(read, { figure: `get with ${MANY} kept versions, p50`, against, goal: { most: 1.1 } }),
    latency(written, { figure: `put with ${MANY} kept versions, p50`, against }),
  ];
}
