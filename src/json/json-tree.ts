import { afterSpace, endOfString } from "./json-fault.ts";

/** A part of a JSON text, and where it stands there. */
export interface JsonNode {
  /** A `property` is a member of an object: its children are a string, the name, and the value. */
  readonly type: "object" | "property" | "array" | "string" | "number" | "boolean" | "null";
  readonly offset: number;
  readonly length: number;
  /** Of a string, what it says. */
  readonly value?: string;
  readonly children?: JsonNode[];
}

/**
 * The tree of a text that `jsonFault` finds nothing wrong with: what `JSON.parse` forgets is where each value stands. Of
 * another text it is nonsense. Linear, and as deep as the text is nested.
 */
export function jsonTree(text: string): JsonNode {
  return valueAt(text, afterSpace(text, 0));
}

function valueAt(text: string, offset: number): JsonNode {
  switch (text[offset]) {
    case "{":
      return listAt(text, { type: "object", offset, childAt: memberAt });
    case "[":
      return listAt(text, { type: "array", offset, childAt: valueAt });
    case '"':
      return stringAt(text, offset);
    case "t":
      return { type: "boolean", offset, length: 4 };
    case "f":
      return { type: "boolean", offset, length: 5 };
    case "n":
      return { type: "null", offset, length: 4 };
    default:
      return { type: "number", offset, length: endOfNumber(text, offset) - offset };
  }
}

function listAt(
  text: string,
  at: {
    readonly type: "object" | "array";
    readonly offset: number;
    readonly childAt: (this: void, text: string, offset: number) => JsonNode;
  },
): JsonNode {
  const { type, offset, childAt } = at;
  const children: JsonNode[] = [];
  let index = afterSpace(text, offset + 1);
  while (index < text.length && text[index] !== "}" && text[index] !== "]") {
    const child = childAt(text, index);
    children.push(child);
    index = afterSpace(text, endOf(child));
    if (text[index] === ",") index = afterSpace(text, index + 1);
  }
  return { type, offset, length: index + 1 - offset, children };
}

function memberAt(text: string, offset: number): JsonNode {
  const name = stringAt(text, offset);
  const colon = afterSpace(text, endOf(name));
  const value = valueAt(text, afterSpace(text, colon + 1));
  return { type: "property", offset, length: endOf(value) - offset, children: [name, value] };
}

function stringAt(text: string, offset: number): JsonNode {
  const end = endOfString(text, offset);
  const raw = text.slice(offset, end);
  return {
    type: "string",
    offset,
    length: end - offset,
    value: raw.includes("\\") ? String(JSON.parse(raw)) : raw.slice(1, -1),
  };
}

function endOfNumber(text: string, offset: number): number {
  let index = offset + 1;
  while (index < text.length && "0123456789+-.eE".includes(text.charAt(index))) index += 1;
  return index;
}

function endOf({ offset, length }: JsonNode): number {
  return offset + length;
}
