import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";

/** A worker in `baseline/`. */
export type BaselineName = "list" | "metadata" | "read" | "sealed-read" | "verify" | "write";

/** Number of rows that the baseline `write` updates: `app/s0`, `app/s1`, … */
export const BASELINE_ROWS = 1000;

/** Starts a baseline worker in the same `workerd` as the worker under test. It is a single file and needs no bundling. */
export async function startBaseline(
  name: BaselineName,
  parentFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<Worker> {
  const folder = join(parentFolder, `baseline-${name}`);
  mkdirSync(folder, { recursive: true });
  const source = readFileSync(new URL(`../baseline/${name}.ts`, import.meta.url), "utf8");
  writeFileSync(join(folder, "workerd.js"), stripTypeScriptTypes(source));
  return await startWorker(folder, env, { unheard: true });
}

/** Creates the tables of the baseline `write`. */
export const BASELINE_TABLES: readonly string[] = [
  "CREATE TABLE baseline_heads (path TEXT PRIMARY KEY, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT",
  "CREATE TABLE baseline_versions (id INTEGER PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL) STRICT",
  "CREATE TABLE baseline_audit (id INTEGER PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL) STRICT",
  `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${BASELINE_ROWS})
    INSERT INTO baseline_heads SELECT 'app/s' || i, 1, '{}' FROM n`,
];
