/** A fenced block of a Markdown page. */
export interface Block {
  /** The text after the opening fence. */
  readonly info: string;
  /** Line number of the first line below the fence. */
  readonly line: number;
  readonly lines: readonly string[];
}

export interface Problem {
  readonly line: number;
  readonly description: string;
}

const FENCE = /^( *)(`{3,}|~{3,})([^`]*)$/;

/** Reads the fenced blocks of a page. Reports code that is not in a well-formed block, because it would not be checked. */
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
      if (/```|~~~/.test(line)) problems.push({ line: index + 1, description: "a fence must be alone on its line" });
      if (/^(?: {4}|\s*\t)/.test(line) && looksLikeCommand(line)) {
        problems.push({ line: index + 1, description: "a command outside a fenced block" });
      }
      continue;
    }
    const start = index + 1;
    const length = lines.slice(start).findIndex((each) => isClosingFence(each, fence));
    if (length === -1) {
      problems.push({ line: start, description: "this block is not closed" });
      break;
    }
    const content = lines.slice(start, start + length);
    blocks.push({ info: info.trim(), line: start + 1, lines: content.map((each) => removeIndent(each, indent)) });
    index = start + length;
  }
  return { blocks, problems };
}

/** True if a reader would paste this line into a terminal. */
export function looksLikeCommand(line: string): boolean {
  return /^\s*(?:\$ |(?:\w+=\S+ +)*(?:npm|npx|node|curl|wrangler|export) )/.test(line);
}

function isClosingFence(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === fence.charAt(0).repeat(text.length);
}

function removeIndent(line: string, indent: string): string {
  return line.startsWith(indent) ? line.slice(indent.length) : line.trimStart();
}
