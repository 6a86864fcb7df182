import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";

/** The environment of a run, as text for the report. */
export interface Machine {
  readonly date: string;
  readonly cores: string;
  readonly memory: string;
  readonly system: string;
  readonly node: string;
  readonly workerd: string;
}

const GIB = 1024 ** 3;

export function thisMachine(now: Date): Machine {
  const all = cpus();
  return {
    date: now.toISOString().slice(0, 10),
    cores: `${all.length} × ${all[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / GIB)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    workerd: workerdVersion(),
  };
}

function workerdVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync("node_modules/workerd/package.json", "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "?";
}
