import { bare, everyPath, puts } from "../asks.ts";
import { compare } from "../compare.ts";
import { addedLatency, type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";
import { FLOOR_ROWS } from "../stage/floor-tables.ts";

const FLOOR = "two fetches: a point read, a transaction of three rows";

/** A version more, of secrets that come to have ten and then lose the oldest each time. */
export async function writes(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const floor = await scene.floor("write", stage);
  const path = everyPath({ ...stage, secrets: Math.min(stage.secrets, FLOOR_ROWS) });
  const ours = puts(stage, path);
  const body = (n: number, client: number): string => ours.ask(n, client).body;
  const base = bare(floor.url, body, '"version"');
  const many = await compare(ours, base, scene.pace, { clients: 16 });
  const one = await compare(ours, base, scene.pace, { clients: 1 });
  return [
    throughput(many, { figure: "put, 16 clients", against: FLOOR, goal: { least: 0.6 } }),
    throughput(one, { figure: "put, 1 client", against: FLOOR, goal: { least: 0.6 } }),
    addedLatency(one, { figure: "put, 1 client, added p50", against: FLOOR }),
  ];
}
