import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Block, Problem } from "./read-blocks.ts";

/** A command of a page. It has as many lines as a shell needs to run it. */
export interface Command {
  readonly line: number;
  /** Without comments. */
  readonly text: string;
  /** The comment at its end. */
  readonly beside: string | undefined;
  /** The comment in the lines directly below. */
  readonly below: string | undefined;
}

interface CommandList {
  readonly commands: readonly Command[];
  readonly problems: readonly Problem[];
}

/** Splits a shell block into commands and their comments. A comment that is not directly below a command is prose. */
export async function readCommands(block: Block): Promise<CommandList> {
  const commands: Command[] = [];
  let rest = block.lines;
  while (rest.length > 0) {
    const [first = ""] = rest;
    const line = block.line + block.lines.length - rest.length;
    if (first.trim() === "" || isComment(first)) {
      rest = rest.slice(1);
      continue;
    }
    const length = await findCommandLength(rest);
    if (length === 0)
      return { commands, problems: [{ line, description: `bash cannot parse this command: ${first}` }] };
    const { text, beside } = await splitComment(rest.slice(0, length).join("\n"));
    rest = rest.slice(length);
    const end = rest.findIndex((each) => !isComment(each));
    const comments = rest.slice(0, end === -1 ? rest.length : end);
    rest = rest.slice(comments.length);
    const below = comments.length === 0 ? undefined : comments.map((each) => each.replace(/^# ?/, "")).join("\n");
    commands.push({ line, text, beside, below });
  }
  return { commands, problems: [] };
}

function isComment(line: string): boolean {
  return line.startsWith("#");
}

/** Number of lines of the first command, or 0 if it is never complete. */
async function findCommandLength(lines: readonly string[]): Promise<number> {
  for (let length = 1; length <= lines.length; length += 1) {
    if (await isComplete(lines.slice(0, length).join("\n"))) return length;
  }
  return 0;
}

/** A `#` starts a comment if the text before it is complete, because it is not inside quotes then. */
async function splitComment(text: string): Promise<{ readonly text: string; readonly beside: string | undefined }> {
  const lastLine = text.lastIndexOf("\n") + 1;
  for (const { index, 0: mark } of text.slice(lastLine).matchAll(/\s+#\s*/g)) {
    const command = text.slice(0, lastLine + index);
    if (await isComplete(command)) return { text: command, beside: text.slice(lastLine + index + mark.length) };
  }
  return { text, beside: undefined };
}

/** True if bash would run this text instead of rejecting it or waiting for more input. */
async function isComplete(text: string): Promise<boolean> {
  // An odd number of backslashes joins the next line.
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) return false;
  try {
    const { stderr } = await promisify(execFile)("bash", ["--norc", "-n", "-c", text]);
    // bash only warns about an unterminated here-document.
    return stderr === "";
  } catch {
    return false;
  }
}
