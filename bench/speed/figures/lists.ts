import { bare, ours } from "../asks.ts";
import { compare } from "../compare.ts";
import { type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

const PATHS = 1000;
const VERSIONS = 10;
const VERSIONED = 20;

/** Answers of many rows. */
export async function lists(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const least = 0.5;
  const results: Result[] = [];
  const prefix = JSON.stringify({ prefix: "app/s" });
  const pathsFloor = bare((await scene.floor("list", stage)).url, () => prefix, '"app/s1"');
  for (const [who, token] of [
    ["the superuser", stage.superuser],
    ["a workload", stage.app],
  ] as const) {
    const asked = { name: "list", target: "/v1/store/secrets?action=list", body: () => prefix, has: '"app/s1"' };
    const many = await compare(ours(stage, token, asked), pathsFloor, scene.pace, { clients: 16 });
    const against = "a bare worker's same rows";
    results.push(
      throughput(many, { figure: `list of ${PATHS} paths by ${who}, 16 clients`, against, goal: { least } }),
    );
  }
  for (let n = 0; n < VERSIONED * VERSIONS; n += 1) {
    await stage.post("/v1/store/secrets", { path: `app/m${n % VERSIONED}`, values: { v: String(n) } });
  }
  const body = (n: number): string => JSON.stringify({ path: `app/m${n % VERSIONED}` });
  const target = "/v1/store/secrets/metadata?action=get";
  const many = await compare(
    ours(stage, stage.app, { name: "metadata", target, body, has: `"${VERSIONS}"` }),
    bare((await scene.floor("metadata", stage)).url, body, `"${VERSIONS}"`),
    scene.pace,
    { clients: 16 },
  );
  const figure = `metadata of ${VERSIONS} versions, 16 clients`;
  return [...results, throughput(many, { figure, against: "a bare worker's same rows", goal: { least } })];
}
