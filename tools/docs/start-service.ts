import { spawn } from "node:child_process";
import { endWithUs } from "../command/end-with-us.ts";

/** The service, started by a command of a page. */
export interface StartedService {
  /** All that it wrote until it was ready. */
  readonly output: string;
  /** Fulfilled when all of its processes have ended. */
  stop(): Promise<void>;
}

interface Place {
  readonly cwd: string;
  /** The command's whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

const READY = "Ctrl-C stops it.";
const PATIENCE_MS = 120_000;

/** Runs `npm run dev`, as it is written, and waits until it serves. */
export async function startService(command: string, { cwd, env }: Place): Promise<StartedService> {
  // A group of its own, as under a terminal.
  const child = spawn("bash", ["--norc", "--noprofile", "-c", command], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const gone = endWithUs(child, { group: true });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name);
  };
  const stop = async (): Promise<void> => {
    signal("SIGTERM");
    await gone;
  };
  let output = "";
  const ready = new Promise<boolean>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes(READY)) resolve(true);
      });
    }
    child.once("close", () => resolve(false));
    setTimeout(() => resolve(false), PATIENCE_MS).unref();
  });
  if (await ready) return { output, stop };
  await stop();
  throw new Error(`Cannot start the service by "${command}": it does not come to serve\n${output}`);
}
