/** Why a text is not taken as JSON. Stable codes; nothing of the text is in them. */
export type JsonFault = "not-json" | "too-deep" | "too-many-values" | "name-too-long" | "duplicate-member";

const MAX_DEPTH = 32;

/** Characters of a member's name as it is written: the longest one of a secret's value is 250, six times that in escapes. */
const MAX_NAME = 2048;

/**
 * What is wrong with a text as JSON (RFC 8259), if anything: it is none, nests deeper than 32, has more than `maxValues`
 * members and elements, all together, or has an object, at any depth, that names a member twice.
 *
 * Linear in the text, whoever wrote it. Bounds come before `JSON.parse`, and names are sorted, not looked up: V8 hashes `"123"`
 * by its number, and 70 000 names that collide took a `Set` 12 s (CVE-2026-21717 is the same in `JSON.parse`).
 */
export function jsonFault(text: string, maxValues: number): JsonFault | undefined {
  const names = namesOf(text, maxValues);
  if (typeof names === "string") return names;
  if (!isJson(text)) return "not-json";
  return names.some(hasTwins) ? "duplicate-member" : undefined;
}

/**
 * The names that each object of a text holds, as they are written; or the bound that the text exceeds. Of a text that is not
 * JSON they mean nothing. One pass, by no regular expression and no recursion: neither megabytes of escapes nor of brackets
 * exhaust a stack.
 */
function namesOf(text: string, maxValues: number): readonly (readonly string[])[] | JsonFault {
  const objects: string[][] = [];
  const open: string[][] = [];
  let values = 0;
  let named = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charAt(index)) {
      case "{":
      case "[": {
        const names: string[] = [];
        objects.push(names);
        if (open.push(names) > MAX_DEPTH) return "too-deep";
        values += 1;
        break;
      }
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        values += 1;
        break;
      case '"': {
        const end = endOfString(text, index);
        // A string is a member's name when a colon follows it.
        const next = afterSpace(text, end);
        if (text[next] === ":") {
          if (end - index - 2 > MAX_NAME) return "name-too-long";
          open.at(-1)?.push(text.slice(index, end));
          named += 1;
        }
        index = next - 1;
        break;
      }
    }
    if (values > maxValues || named > maxValues) return "too-many-values";
  }
  return objects;
}

/** The place behind the closing quote of the string that opens at `start`. */
export function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index + 1;
}

/** The first place from `start` on that is no white space. */
export function afterSpace(text: string, start: number): number {
  let index = start;
  while (text[index] === " " || text[index] === "\n" || text[index] === "\t" || text[index] === "\r") index += 1;
  return index;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // The engine's message quotes the text.
    return false;
  }
}

function hasTwins(names: readonly string[]): boolean {
  const sorted = names.map(decoded).toSorted();
  return sorted.some((name, index) => name === sorted[index + 1]);
}

/** "exp" and "\u0065xp" are one name. */
function decoded(name: string): string {
  return name.includes("\\") ? String(JSON.parse(name)) : name.slice(1, -1);
}
