import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { confirm, isCancel, password, text as promptText } from "@clack/prompts";
import type { CliIo, Progress, Terminal } from "./cli-io.ts";
import { startProgressBar } from "./progress-bar.ts";

/** Prompts go to standard error, because standard output is for data. */
const output = process.stderr;

/** The real process, terminal and network. */
export function processIo(): CliIo {
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  return {
    env: process.env,
    fetch: async (url, init) => await fetch(url, init),
    print: (line) => void process.stdout.write(`${line}\n`),
    log: (line) => void process.stderr.write(`${line}\n`),
    sleep: async (ms) => await setTimeout(ms),
    readStdin: async () => (process.stdin.isTTY ? undefined : await text(process.stdin)),
    terminal: isTerminal ? createTerminal() : undefined,
    run: runProgram,
    startProgress: process.stderr.isTTY ? startProgressBar : startProgressLines,
  };
}

function createTerminal(): Terminal {
  return {
    async promptHidden(message) {
      const entered = await password({ message, output });
      return isCancel(entered) ? undefined : entered;
    },
    async promptText(message) {
      const entered = await promptText({ message, output });
      return isCancel(entered) ? undefined : entered;
    },
    async confirm(message) {
      const answer = await confirm({ message, output, initialValue: false });
      return !isCancel(answer) && answer;
    },
  };
}

async function runProgram([program = "", ...args]: readonly string[], input: string): Promise<number> {
  // The program's standard output becomes our standard error: our own standard output is for data.
  const child = spawn(program, args, { stdio: ["pipe", process.stderr, "inherit"] });
  return await new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
    // A program may exit without reading its input. Its exit code reports the failure.
    child.stdin.on("error", () => undefined).end(input);
  });
}

function startProgressLines(total: number): Progress {
  const log = (message: string): void => void output.write(`${message}\n`);
  let done = 0;
  return {
    advance(by, message) {
      done += by;
      log(`${done} of ${total}: ${message}`);
    },
    end: log,
    fail: log,
  };
}
