import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { confirm, isCancel, password } from "@clack/prompts";
import { progressBar } from "./progress-bar.ts";
import type { Progress, Surroundings, Terminal } from "./surroundings.ts";

/** Prompts are words for people, and go where those go. */
const output = process.stderr;

/** This process, its terminal and the network. */
export function realSurroundings(): Surroundings {
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  return {
    env: process.env,
    fetch: async (url, init) => await fetch(url, init),
    print: (line) => void process.stdout.write(`${line}\n`),
    tell: (line) => void process.stderr.write(`${line}\n`),
    sleep: async (ms) => await setTimeout(ms),
    readInput: async () => (process.stdin.isTTY ? undefined : await text(process.stdin)),
    terminal: isTerminal ? realTerminal() : undefined,
    run: runProgram,
    progress: process.stderr.isTTY ? progressBar : progressLines,
  };
}

function realTerminal(): Terminal {
  return {
    async askHidden(message) {
      const entered = await password({ message, output });
      return isCancel(entered) ? undefined : entered;
    },
    async confirm(message) {
      const answered = await confirm({ message, output, initialValue: false });
      return !isCancel(answered) && answered;
    },
  };
}

async function runProgram([program = "", ...args]: readonly string[], input: string): Promise<number> {
  // What it says is for people. Standard output is for the data of this command.
  const child = spawn(program, args, { stdio: ["pipe", process.stderr, "inherit"] });
  return await new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
    // A program that ends without reading is told of by its exit code.
    child.stdin.on("error", () => undefined).end(input);
  });
}

function progressLines(total: number): Progress {
  const tell = (message: string): void => void output.write(`${message}\n`);
  let done = 0;
  return {
    advance(by, message) {
      done += by;
      tell(`${done} of ${total}: ${message}`);
    },
    end: tell,
    fail: tell,
  };
}
