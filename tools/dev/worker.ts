import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { wranglerArguments, wranglerEnvironment } from "./wrangler.ts";
import type { WorkerSettings } from "./worker-settings.ts";

/** A worker that was started, with all processes that belong to it. */
export interface Worker {
  readonly port: number;
  /** Aborted when it serves no more: all of its processes ended, or its runtime crashed. */
  readonly lost: AbortSignal;
  /** The last lines that it wrote. */
  lastLines(): readonly string[];
  /** Asks it to end, and makes it end if it does not. Fulfilled when all processes have ended; never rejects. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly port: number;
  readonly settings: WorkerSettings;
  /** A folder for this worker alone. */
  readonly stateDir: string;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const GUARD = fileURLToPath(new URL("worker-guard.ts", import.meta.url));
const LINES_KEPT = 40;
const PATIENCE_MS = 2_000;

/** wrangler restarts its runtime then, but the new one leaves requests waiting until the source is changed (4.164). */
const CRASH = /^\[wrangler:warn\] The Workers runtime crashed/;

/** Starts `wrangler dev`. */
export function startWorker({ port, settings, stateDir, onLine }: WorkerOptions, env: NodeJS.ProcessEnv): Worker {
  const child = spawn(process.execPath, [GUARD, ...wranglerArguments({ port, vars: settings.vars, stateDir })], {
    cwd: PROJECT,
    // A group of its own: Ctrl-C reaches this process only, which then ends the workers in good order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: wranglerEnvironment(env, { secrets: settings.secrets, registryDir: join(stateDir, "registry") }),
  });
  const kept: string[] = [];
  const lost = new AbortController();
  const gone = new AbortController();
  const reader = (stream: "stdout" | "stderr") => (line: string) => {
    kept.push(line);
    if (kept.length > LINES_KEPT) kept.shift();
    onLine(line, stream);
    if (CRASH.test(line)) lost.abort();
  };
  forEachLine(child.stdout, reader("stdout"));
  forEachLine(child.stderr, reader("stderr"));
  // Comes when the last process that could write into the pipes has ended, unlike `exit`.
  child.once("close", () => {
    gone.abort();
    lost.abort();
  });
  return {
    port,
    lost: lost.signal,
    lastLines: () => [...kept],
    async stop() {
      if (gone.signal.aborted) return;
      child.kill("SIGTERM");
      // The guard takes this for the end of its parent.
      const timer = setTimeout(() => child.connected && child.disconnect(), PATIENCE_MS);
      await once(gone.signal, "abort");
      clearTimeout(timer);
    },
  };
}

function forEachLine(stream: Readable | null, read: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", read);
}
