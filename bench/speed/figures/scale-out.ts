import { gets } from "../asks.ts";
import { compare } from "../compare.ts";
import { type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";
import { holdTo } from "../stage/hold-to.ts";

const SHARE = 0.2;
const CLIENTS = 32;

/**
 * Two workers over one database, against one. On a machine of few cores none is free for the second worker beside the database
 * and the clients: so each worker is held to a share of a core.
 */
export async function scaleOut(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const second = await stage.startWorker();
  const one = gets(stage);
  const two = { ...one, urls: [...one.urls, second.url] };
  const held = [stage.worker, second].map(({ pid }) => holdTo(SHARE, pid));
  try {
    const both = await compare(two, one, scene.pace, { clients: CLIENTS });
    const figure = `get, 2 workers of ${SHARE} core each, ${CLIENTS} clients`;
    return [throughput(both, { figure, against: "1 such worker", goal: { least: 1.6 } })];
  } finally {
    await Promise.all(held.map(async (release) => await release()));
  }
}
