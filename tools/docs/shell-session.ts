import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { endWithUs } from "../command/end-with-us.ts";

interface ShellResult {
  readonly exitCode: number;
  /** Standard output and standard error, without colors. */
  readonly output: string;
}

/** One bash process that runs commands one after another, as if they were typed into it. */
export interface ShellSession {
  /** Runs a command. Returns undefined if the shell exited or the command timed out. */
  run(command: string, options?: { readonly input?: string }): Promise<ShellResult | undefined>;
  /** Ends the shell and every process that its commands left running. */
  close(): Promise<void>;
}

export interface ShellOptions {
  /** The initial working directory. */
  readonly cwd: string;
  /** The complete environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** An empty folder for the files of the session itself. */
  readonly scratch: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** File descriptor 3 receives one script file per line. File descriptor 4 returns one exit code per line. */
const LOOP = `while IFS= read -r -u 3 file; do
  source "$file" <"$file.in" >"$file.out" 2>&1 3<&- 4>&-
  echo "$?" >&4
done`;

export function startShell({ cwd, env, scratch, timeoutMs = DEFAULT_TIMEOUT_MS }: ShellOptions): ShellSession {
  const child = spawn("bash", ["--norc", "--noprofile", "-c", LOOP], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    // Its own process group, which includes everything it starts.
    detached: true,
  });
  const ended = endWithUs(child, { group: true });
  // Matches the `stdio` option above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const [, , , commands, exitCodes] = child.stdio as unknown as [null, null, null, Writable, Readable];
  // Writing to a shell that has exited must not throw.
  commands.on("error", () => undefined);
  const codes = createInterface({ input: exitCodes })[Symbol.asyncIterator]();
  let count = 0;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Every process of the group has already exited.
    }
  };
  return {
    async run(command, { input = "" } = {}) {
      count += 1;
      const file = join(scratch, `${count}.sh`);
      writeFileSync(file, `${command}\n`);
      writeFileSync(`${file}.in`, input);
      writeFileSync(`${file}.out`, "");
      commands.write(`${file}\n`);
      const timer = setTimeout(end, timeoutMs);
      const code = await codes.next();
      clearTimeout(timer);
      if (code.done === true) return undefined;
      return { exitCode: Number(code.value), output: stripVTControlCharacters(readFileSync(`${file}.out`, "utf8")) };
    },
    async close() {
      end();
      await ended;
    },
  };
}
