import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";

/** The bare workers in `floor/`. */
export type FloorName = "list" | "metadata" | "read" | "sealed-read" | "verify" | "write";

/** Starts one of the bare workers, in a `workerd` like the one that serves ours. It is one file, and needs no building. */
export async function startFloor(
  name: FloorName,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Worker> {
  const own = join(folder, `floor-${name}`);
  mkdirSync(own, { recursive: true });
  const source = readFileSync(new URL(`../floor/${name}.ts`, import.meta.url), "utf8");
  writeFileSync(join(own, "workerd.js"), stripTypeScriptTypes(source));
  return await startWorker(own, env, { unheard: true });
}
