import { type JsonNode, parseJson } from "./parse-json.ts";

/** One member of a body's object: its value, and the JSON text of the value as sent. */
export interface JsonMember {
  readonly node: JsonNode;
  readonly text: string;
}

/** The members of a body's object by folded name. Build one with {@link parseJsonObject}. */
export type JsonObject = ReadonlyMap<string, JsonMember>;

/**
 * Members of objects and elements of arrays, in total: a list of 10 000 and the members around it. A body of 1 MiB can
 * hold 350 000, which take 120 MB once parsed, and anonymous callers can send it.
 */
const MAX_VALUES = 12_000;

/** Members of the body itself, ten times what any request has. They are looked up in a `Map`: see {@link parseJson}. */
const MAX_FIELDS = 100;

/**
 * Parses a body, which must be one JSON object (RFC 8259), as Go's encoding/json does: the case of member names does not
 * matter, unknown members are ignored. Returns `undefined` for anything else.
 *
 * Stricter than Go in two ways. An object with two members of the same name is refused, because two readers would see
 * two requests. So is a body of more than 12 000 values, or with more than 100 members at the top.
 *
 * Case is ignored only at the top, where Go fills a struct. The names of a secret's values are keys of a Go map and are
 * compared exactly.
 */
export function parseJsonObject(text: string): JsonObject | undefined {
  const parsed = parseJson(text, MAX_VALUES);
  if (!parsed.ok) return undefined;
  const { root } = parsed;
  if (root.type !== "object" || (root.children?.length ?? 0) > MAX_FIELDS) return undefined;
  const members = new Map<string, JsonMember>();
  for (const { name, value } of membersOf(root)) {
    const folded = fold(name);
    if (members.has(folded)) return undefined;
    members.set(folded, { node: value, text: textOf(value, text) });
  }
  return members;
}

/** The name and value of each member of an object node. */
export function membersOf(object: JsonNode): readonly { readonly name: string; readonly value: JsonNode }[] {
  const members: { readonly name: string; readonly value: JsonNode }[] = [];
  for (const { children } of object.children ?? []) {
    const [key, value] = children ?? [];
    if (key?.value !== undefined && value !== undefined) members.push({ name: key.value, value });
  }
  return members;
}

/** The JSON text of a node, cut out of the text that was parsed. */
export function textOf(node: JsonNode, text: string): string {
  return text.slice(node.offset, node.offset + node.length);
}

/** Folds a name to ASCII as Go does. The Kelvin sign becomes `k` in lower case; the long s needs its own rule. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017F", "s");
}
