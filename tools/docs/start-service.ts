import { spawn } from "node:child_process";
import { endWithUs } from "../command/end-with-us.ts";

/** The service, started with the command that a page shows. */
export interface StartedService {
  /** Its output up to the moment it was ready. */
  readonly output: string;
  /** Resolves when all of its processes have exited. */
  stop(): Promise<void>;
}

interface ServiceOptions {
  readonly cwd: string;
  /** The complete environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

const READY = "Ctrl-C stops it.";
const TIMEOUT_MS = 120_000;

/** Runs `npm run dev` exactly as the page shows it and waits until the service is ready. */
export async function startService(command: string, { cwd, env }: ServiceOptions): Promise<StartedService> {
  // Its own process group, as in a terminal.
  const child = spawn("bash", ["--norc", "--noprofile", "-c", command], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = endWithUs(child, { group: true });
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name);
  };
  const stop = async (): Promise<void> => {
    signal("SIGTERM");
    await ended;
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
    setTimeout(() => resolve(false), TIMEOUT_MS).unref();
  });
  if (await ready) return { output, stop };
  await stop();
  throw new Error(`Cannot start the service with "${command}": it did not become ready\n${output}`);
}
