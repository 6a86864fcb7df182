import { type Node, parseTree } from "jsonc-parser";

/** One member of a body's object: what it holds, and its JSON text as sent. */
export interface JsonMember {
  readonly node: Node;
  readonly text: string;
}

/** The members of a body's object by folded name. Build one with {@link parseJsonObject}. */
export type JsonObject = ReadonlyMap<string, JsonMember>;

const MOST_DEPTH = 32;

/**
 * Parses a body that has to be one JSON object (RFC 8259), read as Go's encoding/json would: members match whatever
 * their case, unknown ones are ignored. Stricter in one thing: an object that names a member twice is refused, because
 * two readers would see two requests. Undefined for everything else. Linear in the text, which the caller bounds.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  if (!isJson(text) || depthOf(text) > MOST_DEPTH) return undefined;
  // The tree knows where each value stands in the text, which `JSON.parse` forgets; it is the more lenient reader.
  const root = parseTree(text);
  if (root?.type !== "object" || hasDuplicates(root)) return undefined;
  const members = new Map<string, JsonMember>();
  for (const { name, value } of membersOf(root)) {
    const folded = fold(name);
    if (members.has(folded)) return undefined;
    members.set(folded, { node: value, text: textOf(value, text) });
  }
  return members;
}

/** Name and value of each member of an object node. */
export function membersOf(object: Node): readonly { readonly name: string; readonly value: Node }[] {
  return (object.children ?? []).flatMap(({ children }) => {
    const [key, value] = children ?? [];
    return typeof key?.value === "string" && value !== undefined ? [{ name: key.value, value }] : [];
  });
}

/** The JSON text of a node, out of the text it was parsed from. */
export function textOf(node: Node, text: string): string {
  return text.slice(node.offset, node.offset + node.length);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** How deep brackets nest; the text is known to be JSON. The tree is built by recursion, so it must not be deep. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') inString = !inString;
    else if (inString && character === "\\") index += 1;
    else if (!inString && (character === "{" || character === "[")) deepest = Math.max(deepest, (depth += 1));
    else if (!inString && (character === "}" || character === "]")) depth -= 1;
  }
  return deepest;
}

function hasDuplicates(node: Node): boolean {
  if (node.type === "object") {
    const names = membersOf(node).map(({ name }) => name);
    if (new Set(names).size < names.length) return true;
  }
  return (node.children ?? []).some(hasDuplicates);
}

/** As Go folds ASCII names: the Kelvin sign lower-cases to `k` by itself, the long s does not. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017F", "s");
}
