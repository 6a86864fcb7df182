import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { wranglerArguments, wranglerEnvironment } from "./wrangler.ts";

/** A running worker, with all of its processes. */
export interface Worker {
  readonly port: number;
  /** Aborted when the worker can no longer serve: its processes ended, or its runtime crashed. */
  readonly lost: AbortSignal;
  /** The last lines of its output. */
  lastLines(): readonly string[];
  /** Stops the worker, by force after a while. Fulfilled when all of its processes have ended; never rejects. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly port: number;
  /** A file with every setting of the worker. */
  readonly envFile: string;
  /** A folder for this worker only. */
  readonly stateDir: string;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const GUARD = fileURLToPath(new URL("worker-guard.ts", import.meta.url));
const MAX_LINES = 40;
const GRACE_MS = 2_000;

/** wrangler then restarts its runtime, but the new one answers no request until a source file changes (4.164). */
const CRASH = /^\[wrangler:warn\] The Workers runtime crashed/;

/** Starts `wrangler dev`. */
export function startWorker({ port, envFile, stateDir, onLine }: WorkerOptions, env: NodeJS.ProcessEnv): Worker {
  const child = spawn(process.execPath, [GUARD, ...wranglerArguments({ port, envFile, stateDir })], {
    cwd: PROJECT,
    // Its own process group: Ctrl-C reaches only this process, which then stops the workers in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: wranglerEnvironment(env, join(stateDir, "registry")),
  });
  const lines: string[] = [];
  const lost = new AbortController();
  const ended = new AbortController();
  const reader = (stream: "stdout" | "stderr") => (line: string) => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    onLine(line, stream);
    if (CRASH.test(line)) lost.abort();
  };
  forEachLine(child.stdout, reader("stdout"));
  forEachLine(child.stderr, reader("stderr"));
  // Unlike `exit`, emitted after the last process that holds the pipes has ended.
  child.once("close", () => {
    ended.abort();
    lost.abort();
  });
  return {
    port,
    lost: lost.signal,
    lastLines: () => [...lines],
    async stop() {
      if (ended.signal.aborted) return;
      child.kill("SIGTERM");
      // The guard reacts as if this process had ended.
      const timer = setTimeout(() => child.connected && child.disconnect(), GRACE_MS);
      await once(ended.signal, "abort");
      clearTimeout(timer);
    },
  };
}

function forEachLine(stream: Readable | null, read: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on("line", read);
}
