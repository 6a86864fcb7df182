/** What can be wrong with a text that is valid JSON all the same. */
export type JsonFault = "too-deep" | "duplicate-member";

const MAX_DEPTH = 32;

/**
 * Whether a text that is known to be JSON nests deeper than 32 or has an object, at any depth, that names a member twice.
 *
 * One pass over the characters, by no regular expression and no recursion: neither megabytes of escapes nor of brackets
 * exhaust a stack.
 */
export function jsonFault(text: string): JsonFault | undefined {
  const open: Set<string>[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "{" || character === "[") {
      if (open.push(new Set()) > MAX_DEPTH) return "too-deep";
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, index);
      const names = open.at(-1);
      if (names !== undefined && isName(text, end)) {
        // Parsed, because "exp" and "\u0065xp" are one name.
        const name: string = JSON.parse(text.slice(index, end));
        if (names.has(name)) return "duplicate-member";
        names.add(name);
      }
      index = end - 1;
    }
  }
  return undefined;
}

/** The place behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** A string is a member's name when a colon follows it. */
function isName(text: string, end: number): boolean {
  let index = end;
  while (/[ \t\n\r]/.test(text.charAt(index))) index += 1;
  return text[index] === ":";
}
