import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { workerdConfig, type WorkerWorld } from "./config.ts";
import { endWithUs } from "../command/end-with-us.ts";

const require = createRequire(import.meta.url);

/** A real `workerd` process with the built worker. */
export interface Worker {
  readonly url: string;
  readonly pid: number;
  /** Lets its cron strike, at that time in milliseconds; fulfilled when it is done with it. */
  schedule(at: number): Promise<void>;
  /** What it logged so far. */
  output(): string;
  /** The same by the line. */
  lines(): readonly string[];
  /** Fulfilled when it has ended, asked or not. */
  readonly ended: Promise<void>;
  /** Ends it at once, in the middle of whatever it does. Nothing of it is left when this is fulfilled. */
  kill(): Promise<void>;
}

/** The oldest lines go when there are more. */
const LINES_KEPT = 100_000;
const READY_MS = 30_000;

/**
 * Starts a worker that `buildWorker` has built. It ends with this process at the latest, however that ends.
 */
export async function startWorker(
  folder: string,
  env: Readonly<Record<string, string>>,
  world: WorkerWorld = {},
): Promise<Worker> {
  const configs = mkdtempSync(join(folder, "config-"));
  const config = join(configs, "config.capnp");
  writeFileSync(config, workerdConfig(env, world), { mode: 0o600 });
  const child = spawn(workerdBinary(), ["serve", config, "--experimental", "--control-fd=3"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    cwd: configs,
  });
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
  };
  // Read in any case: a full pipe would stop the worker.
  for (const stream of [child.stdout, child.stderr]) {
    if (world.unheard === true) stream?.resume();
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
        if (!result.includes('"outcome":"ok"')) throw new Error(`Cannot let the cron strike: ${result}`);
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
  throw new Error("Cannot start a worker: the package workerd names no binary");
}

interface Ports {
  readonly http: string;
  readonly schedule: string;
}

/** workerd tells on its control channel which ports it was given. */
async function listening(child: ChildProcess): Promise<Ports> {
  const ports = new Map<string, string>();
  return await new Promise<Ports>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    setTimeout(() => reject(new Error(`it does not listen after ${READY_MS} ms`)), READY_MS).unref();
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
