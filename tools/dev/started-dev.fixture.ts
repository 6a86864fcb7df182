import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { familyOf, type ProcessLine } from "./processes.fixture.ts";
import { until } from "./until.fixture.ts";

/** `npm run dev`, started. */
export interface StartedDev {
  readonly pid: number;
  /** All that it has written so far. */
  output(): string;
  /** Waits for the summary. Rejects if the command ends before. */
  ready(): Promise<void>;
  /** The command and all processes that it has started. */
  family(): Promise<readonly ProcessLine[]>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly end: Promise<number | string | null>;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts it under the laxest umask. It is stopped after the test, whatever happens. */
export function startDev(args: readonly string[]): StartedDev {
  // exec: the process number stays the command's own.
  const script = 'umask 000; exec "$0" tools/dev.ts "$@"';
  const child = spawn("sh", ["-c", script, process.execPath, ...args], {
    cwd: PROJECT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPIKE_"))),
      // Below npm it ends with its parent, so that nothing is left of a test run that is killed.
      npm_lifecycle_event: "dev",
    },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const end = once(child, "close").then(() => child.exitCode ?? child.signalCode);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const pid = child.pid ?? 0;
  onTestFinished(async () => {
    if (hasEnded()) return;
    child.kill("SIGTERM");
    await end;
  });
  return {
    pid,
    output: () => chunks.join(""),
    async ready() {
      await until(() => chunks.join("").includes("Ctrl-C stops it.") || hasEnded());
      if (hasEnded()) throw new Error(`npm run dev has ended:\n${chunks.join("")}`);
    },
    family: async () => await familyOf(pid),
    kill: (signal) => void child.kill(signal),
    end,
  };
}

/** Runs a line as pasted into a terminal in the project's folder. */
export async function paste(line: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)("sh", ["-c", line], {
    cwd: PROJECT,
    env: { ...process.env, NO_PROXY: "127.0.0.1" },
  });
  return JSON.parse(stdout);
}
