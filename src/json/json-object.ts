import type { Violation } from "./fault.ts";
import { MAX_DEPTH, MAX_NAME_LENGTH } from "./json-tokens.ts";
import { type JsonFault, type JsonNode, parseJson } from "./parse-json.ts";

/** One member of a body's object: its name and value, and the JSON text of the value as sent. */
export interface JsonMember {
  readonly name: string;
  readonly node: JsonNode;
  readonly text: string;
}

/** The members of a body's object by folded name. Build one with {@link parseJsonObject}. */
export type JsonObject = ReadonlyMap<string, JsonMember>;

/**
 * Members of objects and elements of arrays, in total: a list of 10 000 and the members around it. A body of 1 MiB can
 * hold 350 000, which take 120 MB once parsed, and anonymous callers can send it.
 */
export const MAX_VALUES = 12_000;

/** Members of the body itself, ten times what any request has. They are looked up in a `Map`: see {@link parseJson}. */
export const MAX_FIELDS = 100;

export type ParsedObject =
  | { readonly ok: true; readonly object: JsonObject }
  | { readonly ok: false; /** What the body breaks. */ readonly violation: Violation };

/**
 * Parses a body, which must be one JSON object (RFC 8259), as Go's encoding/json does: the case of member names does not
 * matter, and unknown members are allowed.
 *
 * Stricter than Go in two ways. An object with two members of the same name is refused, because two readers would see
 * two requests. So is a body of more than 12 000 values, or with more than 100 members at the top.
 *
 * Case is ignored only at the top, where Go fills a struct. The names of a secret's values are keys of a Go map and are
 * compared exactly.
 */
export function parseJsonObject(text: string): ParsedObject {
  const parsed = parseJson(text, MAX_VALUES);
  if (!parsed.ok) return broken(text === "" ? EMPTY : VIOLATIONS[parsed.reason]);
  const { root } = parsed;
  if (root.type !== "object") return broken({ rule: "must be a JSON object" });
  if ((root.children?.length ?? 0) > MAX_FIELDS) {
    return broken({ rule: `must have at most ${MAX_FIELDS} members at the top level`, limit: MAX_FIELDS });
  }
  const members = new Map<string, JsonMember>();
  for (const { name, value } of membersOf(root)) {
    const folded = fold(name);
    if (members.has(folded)) return broken(VIOLATIONS["duplicate-member"]);
    members.set(folded, { name, node: value, text: textOf(value, text) });
  }
  return { ok: true, object: members };
}

const EMPTY: Violation = { rule: "must be a JSON object, but is empty" };

const VIOLATIONS: Readonly<Record<JsonFault, Violation>> = {
  "not-json": { rule: "must be valid JSON (RFC 8259)" },
  "duplicate-member": {
    rule: "must not name a member twice: at the top level, upper and lower case count as the same",
  },
  "too-deep": { rule: `must not be nested deeper than ${MAX_DEPTH}`, limit: MAX_DEPTH },
  "too-many-values": { rule: `must have at most ${MAX_VALUES} members and elements`, limit: MAX_VALUES },
  "name-too-long": {
    rule: `must not have a member name of more than ${MAX_NAME_LENGTH} characters`,
    limit: MAX_NAME_LENGTH,
  },
};

function broken(violation: Violation): ParsedObject {
  return { ok: false, violation };
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
