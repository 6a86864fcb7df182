import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { workerdConfig, type WorkerOptions } from "./config.ts";
import { endWithUs } from "../command/end-with-us.ts";

const require = createRequire(import.meta.url);

/** A `workerd` process with the built worker. */
export interface Worker {
  readonly url: string;
  readonly pid: number;
  /** Triggers the scheduled handler for that time, in milliseconds. Fulfilled when the handler has ended. */
  schedule(at: number): Promise<void>;
  /** Its log so far. */
  output(): string;
  /** The lines of its log so far. */
  lines(): readonly string[];
  /** Fulfilled when the process has ended. */
  readonly ended: Promise<void>;
  /** Kills the process. Fulfilled when it has ended. */
  kill(): Promise<void>;
}

/** Older lines are dropped. */
const MAX_LINES = 100_000;
const READY_MS = 30_000;

/** Starts a worker that `buildWorker` built. It ends when this process ends, even by SIGKILL. */
export async function startWorker(
  folder: string,
  env: Readonly<Record<string, string>>,
  options: WorkerOptions = {},
): Promise<Worker> {
  const configs = mkdtempSync(join(folder, "config-"));
  const config = join(configs, "config.capnp");
  writeFileSync(config, workerdConfig(env, options), { mode: 0o600 });
  const child = spawn(workerdBinary(), ["serve", config, "--experimental", "--control-fd=3"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    cwd: configs,
  });
  const lines: string[] = [];
  const keep = (line: string): void => {
    options.onLine?.(line);
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
  };
  // Read even if discarded: a full pipe would block the worker.
  for (const stream of [child.stdout, child.stderr]) {
    if (options.unheard === true) stream?.resume();
    else forEachLine(stream, keep);
  }
  const ports = listening(child);
  const gone = endWithUs(child);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  try {
    const { http, schedule } = await ports;
    return {
      url: `http://127.0.0.1:${http}`,
      pid: child.pid ?? 0,
      async schedule(at) {
        const response = await fetch(`http://127.0.0.1:${schedule}/?at=${at}`);
        const result = await response.text();
        if (!result.includes('"outcome":"ok"')) throw new Error(`Cannot trigger the scheduled handler: ${result}`);
      },
      output: () => lines.map((line) => `${line}\n`).join(""),
      lines: () => [...lines],
      ended: gone,
      kill,
    };
  } catch (error) {
    await kill();
    throw new Error(["Cannot start a worker", ...lines].join("\n"), { cause: error });
  }
}

function workerdBinary(): string {
  const module: unknown = require("workerd");
  if (typeof module === "object" && module !== null && "default" in module && typeof module.default === "string") {
    return module.default;
  }
  throw new Error("Cannot start a worker: the package workerd does not export the path of its binary");
}

interface Ports {
  readonly http: string;
  readonly schedule: string;
}

/** workerd reports its ports on the control channel. */
async function listening(child: ChildProcess): Promise<Ports> {
  const ports = new Map<string, string>();
  return await new Promise<Ports>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it exited with code ${code}`)));
    setTimeout(() => reject(new Error(`it did not listen within ${READY_MS} ms`)), READY_MS).unref();
    forEachLine(child.stdio[3], (line) => {
      if (!line.includes('"event":"listen"')) return;
      const name = /"socket":"(\w+)"/.exec(line)?.[1];
      const port = /"port":(\d+)/.exec(line)?.[1];
      if (name !== undefined && port !== undefined) ports.set(name, port);
      const [http, schedule] = [ports.get("http"), ports.get("schedule")];
      if (http !== undefined && schedule !== undefined) resolve({ http, schedule });
    });
  });
}

function forEachLine(stream: ChildProcess["stdio"][number] | undefined, read: (line: string) => void): void {
  if (stream && "read" in stream) createInterface({ input: stream }).on("line", read);
}
