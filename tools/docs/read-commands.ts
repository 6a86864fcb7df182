import { isComplete } from "./is-complete.ts";
import type { Problem } from "./problem.ts";
import type { Block } from "./read-blocks.ts";

/** A command of a page, in as many lines as a shell needs to run it. */
export interface Command {
  readonly line: number;
  /** Without its comments. */
  readonly text: string;
  /** The comment at its end. */
  readonly beside: string | undefined;
  /** The comment in the lines directly below. */
  readonly below: string | undefined;
}

export interface ReadCommands {
  readonly commands: readonly Command[];
  readonly problems: readonly Problem[];
}

/** The commands of a block of shell. A comment that no command stands directly above is prose. */
export async function readCommands(block: Block): Promise<ReadCommands> {
  const commands: Command[] = [];
  let rest = block.lines;
  while (rest.length > 0) {
    const [first = ""] = rest;
    const line = block.line + block.lines.length - rest.length;
    if (first.trim() === "" || isComment(first)) {
      rest = rest.slice(1);
      continue;
    }
    const size = await sizeOfCommand(rest);
    if (size === 0) return { commands, problems: [{ line, what: `bash cannot read this command: ${first}` }] };
    const { text, beside } = await splitComment(rest.slice(0, size).join("\n"));
    rest = rest.slice(size);
    const end = rest.findIndex((each) => !isComment(each));
    const below = rest.slice(0, end === -1 ? rest.length : end);
    rest = rest.slice(below.length);
    const output = below.length === 0 ? undefined : below.map((each) => each.replace(/^# ?/, "")).join("\n");
    commands.push({ line, text, beside, below: output });
  }
  return { commands, problems: [] };
}

function isComment(line: string): boolean {
  return line.startsWith("#");
}

/** How many lines the first command takes. 0: it has no end. */
async function sizeOfCommand(lines: readonly string[]): Promise<number> {
  for (let size = 1; size <= lines.length; size += 1) {
    if (await isComplete(lines.slice(0, size).join("\n"))) return size;
  }
  return 0;
}

/** A `#` begins a comment if what stands before it is complete: it is in no quotes then. */
async function splitComment(text: string): Promise<{ readonly text: string; readonly beside: string | undefined }> {
  const lastLine = text.lastIndexOf("\n") + 1;
  for (const { index, 0: mark } of text.slice(lastLine).matchAll(/\s+#\s*/g)) {
    const command = text.slice(0, lastLine + index);
    if (await isComplete(command)) return { text: command, beside: text.slice(lastLine + index + mark.length) };
  }
  return { text, beside: undefined };
}
