import { looksLikeCommand } from "./looks-like-command.ts";
import type { Problem } from "./problem.ts";

/** A fenced block of a page. */
export interface Block {
  /** What follows the opening fence. */
  readonly info: string;
  /** Number of its first line below the fence. */
  readonly line: number;
  readonly lines: readonly string[];
}

const FENCE = /^( *)(`{3,}|~{3,})([^`]*)$/;

/** The fenced blocks of a page in Markdown, and what looks like one and is none: nothing would run it. */
export function readBlocks(markdown: string): {
  readonly blocks: readonly Block[];
  readonly problems: readonly Problem[];
} {
  const blocks: Block[] = [];
  const problems: Problem[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const [, indent = "", fence, info = ""] = FENCE.exec(line) ?? [];
    if (fence === undefined) {
      if (/```|~~~/.test(line)) problems.push({ line: index + 1, what: "a fence has to be alone on its line" });
      if (/^(?: {4}|\s*\t)/.test(line) && looksLikeCommand(line)) {
        problems.push({ line: index + 1, what: "this is a command outside of any fenced block" });
      }
      continue;
    }
    const start = index + 1;
    const length = lines.slice(start).findIndex((line) => closes(line, fence));
    if (length === -1) {
      problems.push({ line: start, what: "this block is never closed" });
      break;
    }
    const content = lines.slice(start, start + length);
    blocks.push({ info: info.trim(), line: start + 1, lines: content.map((line) => withoutIndent(line, indent)) });
    index = start + length;
  }
  return { blocks, problems };
}

function closes(line: string, fence: string): boolean {
  const end = line.trim();
  return end.length >= fence.length && end === fence.charAt(0).repeat(end.length);
}

function withoutIndent(line: string, indent: string): string {
  return line.startsWith(indent) ? line.slice(indent.length) : line.trimStart();
}
