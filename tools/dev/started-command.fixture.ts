import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { endWithUs } from "../command/end-with-us.ts";
import { familyOf, type ProcessLine } from "./processes.fixture.ts";
import { until } from "./until.fixture.ts";

/** A command in the foreground of a shell. It is stopped after the test. */
export interface StartedCommand {
  readonly pid: number;
  /** Everything that it has printed so far. */
  output(): string;
  /** Waits until the output matches, and returns the match. Rejects if the command ends first. */
  ready(): Promise<RegExpExecArray>;
  /** The command and all processes that it has started. */
  family(): Promise<readonly ProcessLine[]>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly end: Promise<number | string | null>;
}

interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly ready: RegExp;
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts `npm run dev`. */
export function startDev(args: readonly string[]): StartedCommand {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPIKE_")));
  return startCommand([process.execPath, "tools/dev.ts", ...args], {
    cwd: PROJECT,
    // With this variable it ends with its parent, so a killed test run leaves nothing behind.
    env: { ...env, npm_lifecycle_event: "dev" },
    ready: /Ctrl-C stops it\./,
  });
}

/** Starts a command under the most permissive umask. */
export function startCommand(command: readonly string[], { cwd, env, ready }: CommandOptions): StartedCommand {
  // exec: the command keeps the process id of the shell.
  const child = spawn("sh", ["-c", 'umask 000; exec "$0" "$@"', ...command], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env,
    // Its own process group, as in a terminal: npx does not forward a signal to the program that it runs.
    detached: true,
  });
  const ended = endWithUs(child, { group: true });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const end = ended.then(() => child.exitCode ?? child.signalCode);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const pid = child.pid ?? 0;
  onTestFinished(async () => {
    if (hasEnded()) return;
    process.kill(-pid, "SIGTERM");
    await end;
  });
  return {
    pid,
    output: () => chunks.join(""),
    async ready() {
      await until(() => ready.test(chunks.join("")) || hasEnded());
      const match = ready.exec(chunks.join(""));
      if (match === null) throw new Error(`"${command.join(" ")}" has ended:\n${chunks.join("")}`);
      return match;
    },
    family: async () => await familyOf(pid),
    kill: (signal) => void child.kill(signal),
    end,
  };
}

/** Runs a line of shell in a folder and parses its output as JSON. */
export async function paste(line: string, cwd: string = PROJECT): Promise<unknown> {
  const { stdout } = await promisify(execFile)("sh", ["-c", line], {
    cwd,
    env: { ...process.env, NO_PROXY: "127.0.0.1" },
  });
  return JSON.parse(stdout);
}
