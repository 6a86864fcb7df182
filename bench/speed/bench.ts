import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDomain } from "../../test/harness/identity.ts";
import { CommandError } from "../../tools/command/command-error.ts";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import { buildWorker } from "../../tools/workerd/build-worker.ts";
import type { Worker } from "../../tools/workerd/start-worker.ts";
import { FIGURES } from "./figures/figures.ts";
import { type Machine, thisMachine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import { withResults } from "./report/page.ts";
import { rowOf, tableOf } from "./report/table.ts";
import type { Result } from "./result.ts";
import type { Scene } from "./scene.ts";
import { startFloor } from "./stage/floor-worker.ts";
import { openStage, type Stage } from "./stage/stage.ts";

/** Measures what the options ask for; prints each line as it comes, and the table at the end. */
export async function bench(options: BenchOptions, print: (line: string) => void): Promise<void> {
  const figures = FIGURES.filter(({ name }) => name.includes(options.only));
  if (figures.length === 0) {
    const names = FIGURES.map(({ name }) => name).join(", ");
    throw new CommandError(`--only ${options.only}: no figure has that in its name: ${names}`, { exitCode: 2 });
  }
  const scratch = scratchFolder();
  const built = await buildWorker();
  const stages = new Map<string, Promise<Stage>>();
  const floors = new Map<string, Promise<Worker>>();
  const domain = await testDomain();
  // Web Crypto knows no "use" of "jwt-svid".
  const key = JSON.stringify({ ...Reflect.get(domain.bundle, "keys")[0], use: "sig" });
  let requests = 0;
  const scene: Scene = {
    ground: { folder: scratch.path, built: built.folder, domain },
    pace: { rounds: options.rounds, seconds: options.seconds, next: () => requests++ },
    secrets: options.secrets,
    policies: options.policies,
    stage: async (shape) =>
      await getOrMake(stages, JSON.stringify(shape), async () => {
        print(`… a store of ${shape.secrets} secrets and ${shape.policies + (shape.unanchored ?? 0)} policies`);
        return await openStage(scene.ground, shape);
      }),
    floor: async (name, stage) =>
      await getOrMake(floors, `${name} ${stage.database.file}`, async () => {
        return await startFloor(name, scratch.path, { ...stage.env, FLOOR_KEY: key });
      }),
  };
  const results: Result[] = [];
  try {
    for (const { measure } of figures) {
      for (const result of await measure(scene)) {
        results.push(result);
        print(rowOf(result).filter(Boolean).join(" | "));
      }
    }
  } finally {
    await Promise.all([...stages.values()].map(async (stage) => await (await stage).close()));
    await Promise.all([...floors.values()].map(async (floor) => await (await floor).kill()));
    built.remove();
    await scratch.remove();
  }
  keep(options, thisMachine(new Date()), results);
  print(`\n${tableOf(results)}`);
}

async function getOrMake<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = map.get(key) ?? make();
  map.set(key, made);
  return await made;
}

function keep({ out, page, rounds, seconds }: BenchOptions, machine: Machine, results: readonly Result[]): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "results.json"), `${JSON.stringify({ machine, rounds, seconds, results }, null, 2)}\n`);
  if (page === undefined) return;
  const { date, cores, memory, system, node, workerd } = machine;
  const where = `${date}, ${cores}, ${memory}, ${system}, Node ${node}, workerd ${workerd}; ${rounds} rounds of ${seconds} s.`;
  writeFileSync(page, withResults(readFileSync(page, "utf8"), `${where}\n\n${tableOf(results)}`));
}
