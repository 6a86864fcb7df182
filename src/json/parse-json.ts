import {
  afterSpace,
  decodeString,
  endOfNumber,
  endOfString,
  exceededBound,
  type ExceededBound,
  MAX_DEPTH,
  MAX_NAME_LENGTH,
} from "./json-tokens.ts";

/** Why a text is refused as JSON. Stable codes that quote nothing of the text. */
export type JsonFault = "not-json" | "duplicate-member" | ExceededBound;

/** A value or member of a JSON text and its position there, in the shape of `jsonc-parser`. */
export interface JsonNode {
  /** A `property` is a member of an object. Its children are the name, a string, and the value. */
  readonly type: "object" | "property" | "array" | "string" | "number" | "boolean" | "null";
  readonly offset: number;
  readonly length: number;
  /** The decoded text of a string. */
  readonly value?: string;
  readonly children?: readonly JsonNode[];
}

export type ParsedJson =
  | { readonly ok: true; readonly root: JsonNode }
  | { readonly ok: false; readonly reason: JsonFault };

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_F = 0x66;
const LOWER_N = 0x6e;
const LOWER_T = 0x74;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses a JSON text (RFC 8259) into nodes with positions, in one pass. Refuses nesting deeper than 32, more than
 * `maxValues` members and elements in total, a member name longer than 2048 characters as written, and an object at any
 * depth with two members of the same name.
 *
 * Bounds take precedence over syntax errors, and syntax errors over duplicate members, wherever in the text they are.
 *
 * Takes linear time for any text, because anonymous callers choose it. No object and no set is keyed by the names: V8
 * hashes `"123"` by its number, and 70 000 names chosen to collide kept a `Set` busy for 12 s (`JSON.parse` has the same
 * weakness: CVE-2026-21717). There is no recursion and no backtracking, so neither brackets nor escapes exhaust a stack.
 */
export function parseJson(text: string, maxValues: number): ParsedJson {
  const parser = new Parser(text, { maxValues, keepNodes: true });
  const reason = parser.run();
  return reason === undefined && parser.root
    ? { ok: true, root: parser.root }
    : { ok: false, reason: reason ?? "not-json" };
}

/** The fault for which {@link parseJson} refuses a text. Keeps no nodes, so its memory does not grow with their number. */
export function findJsonFault(text: string, maxValues: number): JsonFault | undefined {
  return new Parser(text, { maxValues, keepNodes: false }).run();
}

/** An object or array whose closing bracket has not been read. */
interface Container {
  readonly type: "object" | "array";
  readonly offset: number;
  readonly parent: Container | undefined;
  readonly children: JsonNode[];
  /** Decoded names of the members so far. */
  readonly names: string[];
  /** The name whose value comes next. */
  name: JsonNode | undefined;
}

/** What may come next. The `first-` states also allow the closing bracket. */
type Expected = "value" | "first-value" | "name" | "first-name" | "comma-or-end";

class Parser {
  root: JsonNode | undefined;
  readonly #text: string;
  readonly #maxValues: number;
  readonly #keepNodes: boolean;
  #index = 0;
  #depth = 0;
  #values = 0;
  #names = 0;
  #expected: Expected = "value";
  #container: Container | undefined;
  #hasDuplicates = false;

  constructor(text: string, options: { readonly maxValues: number; readonly keepNodes: boolean }) {
    this.#text = text;
    this.#maxValues = options.maxValues;
    this.#keepNodes = options.keepNodes;
  }

  run(): JsonFault | undefined {
    for (;;) {
      this.#index = afterSpace(this.#text, this.#index);
      if (this.#index >= this.#text.length) break;
      const fault = this.#readToken();
      if (fault !== undefined) return fault;
      if (this.#values > this.#maxValues || this.#names > this.#maxValues) return "too-many-values";
    }
    if (this.#expected !== "comma-or-end" || this.#container !== undefined) return "not-json";
    return this.#hasDuplicates ? "duplicate-member" : undefined;
  }

  #readToken(): JsonFault | undefined {
    switch (this.#text.charCodeAt(this.#index)) {
      case OPEN_BRACE:
        return this.#openContainer("object");
      case OPEN_BRACKET:
        return this.#openContainer("array");
      case CLOSE_BRACE:
        return this.#closeContainer("object");
      case CLOSE_BRACKET:
        return this.#closeContainer("array");
      case COMMA:
        return this.#readComma();
      case QUOTE:
        return this.#readString();
      default:
        return this.#readScalar();
    }
  }

  #openContainer(type: "object" | "array"): JsonFault | undefined {
    if (!this.#isValueExpected()) return this.#syntaxError();
    if (this.#depth === MAX_DEPTH) return "too-deep";
    this.#container = { type, offset: this.#index, parent: this.#container, children: [], names: [], name: undefined };
    this.#expected = type === "object" ? "first-name" : "first-value";
    this.#depth += 1;
    this.#values += 1;
    this.#index += 1;
    return undefined;
  }

  #closeContainer(type: "object" | "array"): JsonFault | undefined {
    const container = this.#container;
    if (container?.type !== type || this.#expected === "name" || this.#expected === "value") return this.#syntaxError();
    const { offset, parent, children, names } = container;
    if (hasTwins(names)) this.#hasDuplicates = true;
    this.#container = parent;
    this.#depth -= 1;
    this.#index += 1;
    this.#endValue(this.#keepNodes ? { type, offset, length: this.#index - offset, children } : undefined);
    return undefined;
  }

  #readComma(): JsonFault | undefined {
    if (this.#container === undefined || this.#expected !== "comma-or-end") return this.#syntaxError();
    this.#expected = this.#container.type === "object" ? "name" : "value";
    this.#values += 1;
    this.#index += 1;
    return undefined;
  }

  /** A value, or the name of a member and its colon. */
  #readString(): JsonFault | undefined {
    const offset = this.#index;
    const end = endOfString(this.#text, offset);
    const value = end === undefined ? undefined : decodeString(this.#text.slice(offset, end));
    if (end === undefined || value === undefined) return this.#syntaxError();
    const node: JsonNode | undefined = this.#keepNodes
      ? { type: "string", offset, length: end - offset, value }
      : undefined;
    const next = afterSpace(this.#text, end);
    if (this.#text.charCodeAt(next) !== COLON) {
      if (!this.#isValueExpected()) return this.#syntaxError();
      this.#index = next;
      this.#endValue(node);
      return undefined;
    }
    const isNameExpected = this.#expected === "name" || this.#expected === "first-name";
    if (this.#container === undefined || !isNameExpected) return this.#syntaxError();
    if (end - offset - 2 > MAX_NAME_LENGTH) return "name-too-long";
    this.#container.names.push(value);
    this.#container.name = node;
    this.#expected = "value";
    this.#names += 1;
    this.#index = next + 1;
    return undefined;
  }

  /** A number, `true`, `false` or `null`. */
  #readScalar(): JsonFault | undefined {
    const offset = this.#index;
    const end = endOfScalar(this.#text, offset);
    if (end === undefined || !this.#isValueExpected()) return this.#syntaxError();
    this.#index = end;
    this.#endValue(
      this.#keepNodes ? { type: scalarType(this.#text, offset), offset, length: end - offset } : undefined,
    );
    return undefined;
  }

  #isValueExpected(): boolean {
    return this.#expected === "value" || this.#expected === "first-value";
  }

  #endValue(node: JsonNode | undefined): void {
    this.#expected = "comma-or-end";
    if (node === undefined) return;
    const container = this.#container;
    if (container === undefined) this.root = node;
    else container.children.push(container.name ? memberNode(container.name, node) : node);
  }

  #syntaxError(): JsonFault {
    const from = { index: this.#index, depth: this.#depth, values: this.#values, names: this.#names };
    return exceededBound(this.#text, from, this.#maxValues) ?? "not-json";
  }
}

function memberNode(name: JsonNode, value: JsonNode): JsonNode {
  const { offset } = name;
  return { type: "property", offset, length: value.offset + value.length - offset, children: [name, value] };
}

/** The index after the number, `true`, `false` or `null` at `offset`; undefined if there is something else. */
function endOfScalar(text: string, offset: number): number | undefined {
  switch (text.charCodeAt(offset)) {
    case LOWER_T:
      return text.startsWith("true", offset) ? offset + 4 : undefined;
    case LOWER_F:
      return text.startsWith("false", offset) ? offset + 5 : undefined;
    case LOWER_N:
      return text.startsWith("null", offset) ? offset + 4 : undefined;
    default:
      return endOfNumber(text, offset);
  }
}

function scalarType(text: string, offset: number): "boolean" | "null" | "number" {
  switch (text.charCodeAt(offset)) {
    case LOWER_T:
    case LOWER_F:
      return "boolean";
    case LOWER_N:
      return "null";
    default:
      return "number";
  }
}

/** Sorting needs no hash of the names. For a few names, comparing each pair is faster. */
function hasTwins(names: readonly string[]): boolean {
  if (names.length <= 8) return names.some((name, index) => names.indexOf(name, index + 1) > 0);
  const sorted = names.toSorted();
  return sorted.some((name, index) => name === sorted[index + 1]);
}
