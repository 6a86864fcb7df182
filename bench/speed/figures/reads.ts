import { bare, everyPath, gets } from "../asks.ts";
import { compare } from "../compare.ts";
import { addedLatency, type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

const FLOOR = "one fetch, one point read";

/** A value, read by a workload that a policy lets, and by the superuser. */
export async function reads(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const floor = await scene.floor("read", stage);
  const path = everyPath(stage);
  const body = (n: number, client: number): string => JSON.stringify({ path: path(n, client) });
  const base = bare(floor.url, body, '"blob"');
  const results: Result[] = [];
  for (const [figure, token, least] of [
    ["get", stage.app, 0.6],
    ["get as superuser", stage.superuser, 0.65],
  ] as const) {
    const ours = gets(stage, path, token);
    const many = await compare(ours, base, scene.pace, { clients: 16 });
    results.push(throughput(many, { figure: `${figure}, 16 clients`, against: FLOOR, goal: { least } }));
    const one = await compare(ours, base, scene.pace, { clients: 1 });
    const goal = figure === "get" && { goal: { most: 1 } };
    results.push(addedLatency(one, { figure: `${figure}, 1 client, added p50`, against: FLOOR, ...goal }));
  }
  // What is left between the two is ours: JSON, SQL, the checks themselves, and the audit.
  const sealed = bare((await scene.floor("sealed-read", stage)).url, body, '"blob"');
  const many = await compare(gets(stage, path), sealed, scene.pace, { clients: 16 });
  const against = "the same with a get's calls to Web Crypto";
  return [...results, throughput(many, { figure: "get, 16 clients", against })];
}
