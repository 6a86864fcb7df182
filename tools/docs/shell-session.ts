import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { endWithUs } from "../command/end-with-us.ts";

interface ShellResult {
  readonly exitCode: number;
  /** What a terminal would show, without colours. */
  readonly output: string;
}

/** One bash that runs command after command, as if they were typed into it. */
export interface ShellSession {
  /** Runs a command. `undefined`: the shell has ended with it, or had to be ended because it took too long. */
  run(command: string, options?: { readonly input?: string }): Promise<ShellResult | undefined>;
  /** Ends the shell and all that its commands have left running. */
  close(): Promise<void>;
}

export interface ShellOptions {
  /** Where it starts. */
  readonly cwd: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** An empty folder for its own files. */
  readonly scratch: string;
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;

/** Each line of the third channel names a command's file; each line of the fourth is an exit code. */
const LOOP = `while IFS= read -r -u 3 file; do
  source "$file" <"$file.in" >"$file.out" 2>&1 3<&- 4>&-
  echo "$?" >&4
done`;

export function startShell({ cwd, env, scratch, patienceMs = PATIENCE_MS }: ShellOptions): ShellSession {
  const child = spawn("bash", ["--norc", "--noprofile", "-c", LOOP], {
    cwd,
    env,
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    // A group of its own, for all that it starts.
    detached: true,
  });
  const gone = endWithUs(child, { group: true });
  // The shape of `stdio` above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const [, , , commands, answers] = child.stdio as unknown as [null, null, null, Writable, Readable];
  // A shell that has ended reads no more.
  commands.on("error", () => undefined);
  const codes = createInterface({ input: answers })[Symbol.asyncIterator]();
  let count = 0;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nobody of the group is left.
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
      const timer = setTimeout(end, patienceMs);
      const code = await codes.next();
      clearTimeout(timer);
      if (code.done === true) return undefined;
      return { exitCode: Number(code.value), output: stripVTControlCharacters(readFileSync(`${file}.out`, "utf8")) };
    },
    async close() {
      end();
      await gone;
    },
  };
}
