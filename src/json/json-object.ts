import { type JsonNode, parseJson } from "./parse-json.ts";

/** One member of a body's object: what it holds, and its JSON text as sent. */
export interface JsonMember {
  readonly node: JsonNode;
  readonly text: string;
}

/** The members of a body's object by folded name. Build one with {@link parseJsonObject}. */
export type JsonObject = ReadonlyMap<string, JsonMember>;

/**
 * Members of objects and elements of arrays, all together: a list of 10 000, and what stands around it. 1 MiB has room for
 * 350 000, which take 120 MB once parsed, and a stranger may send them.
 */
const MAX_VALUES = 12_000;

/** Of the body itself. No request has a tenth as many, and they are looked up by name: see `jsonFault`. */
const MAX_FIELDS = 100;

/**
 * Parses a body that has to be one JSON object (RFC 8259), read as Go's encoding/json would: members match whatever
 * their case, unknown ones are ignored. Stricter in two things: an object that names a member twice is refused, because
 * two readers would see two requests; so is a body of more than 12 000 values, or of more than 100 members at its top.
 * Undefined for everything else. Linear in the text, which the caller bounds.
 *
 * Only at the top two names are one whatever their case: there Go fills a struct. The names of a secret's values are keys of
 * a map, and differ as bytes do.
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

/** Name and value of each member of an object node. */
export function membersOf(object: JsonNode): readonly { readonly name: string; readonly value: JsonNode }[] {
  const members: { readonly name: string; readonly value: JsonNode }[] = [];
  for (const { children } of object.children ?? []) {
    const [key, value] = children ?? [];
    if (key?.value !== undefined && value !== undefined) members.push({ name: key.value, value });
  }
  return members;
}

/** The JSON text of a node, out of the text it was parsed from. */
export function textOf(node: JsonNode, text: string): string {
  return text.slice(node.offset, node.offset + node.length);
}

/** As Go folds ASCII names: the Kelvin sign lower-cases to `k` by itself, the long s does not. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll("\u017F", "s");
}
