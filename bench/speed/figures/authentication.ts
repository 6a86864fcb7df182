import { ours } from "../asks.ts";
import { compare } from "../compare.ts";
import { type Result, throughput } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";

/** Who calls, and nothing else: a verb that is the superuser's alone is refused to a workload before the database is asked. */
export async function authentication(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const floor = await scene.floor("verify", stage);
  const asked = { name: "status", target: "/v1/operator/status", body: () => "{}", has: "" };
  const refused = {
    ...ours(stage, stage.app, asked),
    worth: (status: number) => (status === 401 ? "good" : "wrong"),
  } as const;
  const bare = {
    ...refused,
    name: "the floor",
    urls: [floor.url],
    worth: (status: number) => (status === 200 ? "good" : "wrong"),
  } as const;
  const many = await compare(refused, bare, scene.pace, { clients: 16 });
  return [throughput(many, { figure: "authentication alone, 16 clients", against: "bare ES256 verification" })];
}
