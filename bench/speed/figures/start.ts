import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { everyPath, gets, bare } from "../asks.ts";
import { drive } from "../load/drive.ts";
import { amount, type Result } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";
import { startFloor } from "../stage/floor-worker.ts";
import { spreadOf } from "../statistics.ts";

const KIB = 1024;

/** What a cold start costs: the bundle, and the first request of a worker that has just begun to listen. */
export async function start(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const compressed = gzipSync(readFileSync(join(scene.ground.built, "workerd.js"))).length / KIB;
  const path = everyPath(stage);
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < scene.pace.rounds; round += 1) {
    const bareWorker = await startFloor("read", scene.ground.folder, stage.env);
    const body = (n: number, client: number): string => JSON.stringify({ path: path(n, client) });
    const first = { clients: 1, seconds: 60, requests: 1 };
    floor.push((await drive(bare(bareWorker.url, body, '"blob"'), first, scene.pace.next)).maxMs);
    await bareWorker.kill();
    const worker = await stage.startWorker();
    ours.push((await drive(gets({ ...stage, worker }), first, scene.pace.next)).maxMs);
    await worker.kill();
  }
  return [
    amount([compressed], {
      figure: "bundle, gzip",
      against: "nothing",
      unit: "KiB",
      base: null,
      goal: { most: 300 },
    }),
    amount(ours, {
      figure: "first request after start",
      against: "the bare worker's",
      unit: "ms",
      base: spreadOf(floor).median,
      goal: { most: 60 },
    }),
  ];
}
