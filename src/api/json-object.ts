import { type Node, parseTree } from "jsonc-parser";
import { jsonFault } from "../identity/json-fault.ts";

/** One member of a body's object: what it holds, and its JSON text as sent. */
export interface JsonMember {
  readonly node: Node;
  readonly text: string;
}

/** The members of a body's object by folded name. Build one with {@link parseJsonObject}. */
export type JsonObject = ReadonlyMap<string, JsonMember>;

/**
 * Parses a body that has to be one JSON object (RFC 8259), read as Go's encoding/json would: members match whatever
 * their case, unknown ones are ignored. Stricter in one thing: an object that names a member twice is refused, because
 * two readers would see two requests. Undefined for everything else. Linear in the text, which the caller bounds.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  if (!isJson(text) || jsonFault(text) !== undefined) return undefined;
  // The tree knows where each value stands in the text, which `JSON.parse` forgets. It is the more lenient reader, and
  // built by recursion: both were judged before.
  const root = parseTree(text);
  if (root?.type !== "object") return undefined;
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

/** As Go folds ASCII names: the Kelvin sign lower-cases to `k` by itself, the long s does not. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017F", "s");
}
