import { decodeBase64 } from "../encoding/base64.ts";
import type { Violation } from "./fault.ts";
import type { JsonMember } from "./json-object.ts";
import type { JsonNode } from "./parse-json.ts";

/** The value of a member, or the rule that it breaks. */
export type MemberResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violation: Violation };

/**
 * What a member of a body may be. The API page lists `type` and `rule`.
 *
 * A wrong type is refused before the caller is known. A wrong value is refused after the caller's permission is
 * checked.
 */
export interface Member<T> {
  readonly type: string;
  /** The rule for its value; undefined if any value of the type is valid, or if something else checks it. */
  readonly rule: Violation | undefined;
  readonly isRequired: boolean;
  /** Reads the value. Checks only what every value of the type must satisfy. */
  read(found: JsonMember | undefined): MemberResult<T>;
  /** The rule that the value breaks, if any. */
  check(value: T): Violation | undefined;
}

/** Absent members whose zero value cannot be meant. */
const REQUIRED: Violation = { rule: "is required" };

/**
 * Characters of a text member, secret values excepted. Twice the longest valid one, a pattern of SPIFFE IDs. Bounds
 * everything that reaches queries, logs and MACs, regardless of the rules of each member.
 */
export const MAX_TEXT_LENGTH = 4096;

/** Far more versions than any secret keeps, and few enough to iterate several times. */
export const MAX_ELEMENTS = 10_000;

interface TextOptions {
  /** Refuses the empty text, including absent and null. Without it, the empty text is always valid. */
  readonly required?: boolean;
  readonly rule?: Violation;
  /** Checks `rule`. If it is absent, the operation checks the rule. */
  readonly isValid?: (text: string) => boolean;
}

/** A string of at most 4096 characters. Absent or null is the empty string, as in Go. */
export function text({ required = false, rule, isValid }: TextOptions = {}): Member<string> {
  return {
    type: "string",
    rule,
    isRequired: required,
    read: (found) => (found === undefined ? valid("") : readText(found.node)),
    check(value) {
      if (value === "") return required ? REQUIRED : undefined;
      return isValid === undefined || isValid(value) ? undefined : rule;
    },
  };
}

/** An integer or a string, as another response returned it. Absent or null is `undefined`. `parse` returns undefined for others. */
export function position<T>(rule: Violation, parse: (value: number | string) => T | undefined): Member<T | undefined> {
  return {
    type: "integer or string",
    rule,
    isRequired: false,
    read(found) {
      if (isAbsent(found)) return valid(undefined);
      const value = found.node.type === "string" ? readText(found.node) : readInteger(found.text);
      if (!value.ok) return broken({ rule: "must be an integer or a string" });
      const parsed = parse(value.value);
      return parsed === undefined ? broken(rule) : valid(parsed);
    },
    check: () => undefined,
  };
}

interface IntegerOptions {
  readonly min?: number;
  readonly max?: number;
  readonly required?: boolean;
}

/** An integer. Absent or null is `undefined`. A fraction, an exponent or a string is refused, as in Go. */
export function integer({ required = false, ...range }: IntegerOptions = {}): Member<number | undefined> {
  const rule = rangeRule(range);
  return {
    type: "integer",
    rule,
    isRequired: required,
    read: (found) => (isAbsent(found) ? valid(undefined) : readInteger(found.text)),
    check(value) {
      if (value === undefined) return required ? REQUIRED : undefined;
      return isIn(range, value) ? undefined : rule;
    },
  };
}

type Range = Pick<IntegerOptions, "min" | "max">;

function isIn({ min = -Infinity, max = Infinity }: Range, value: number): boolean {
  return value >= min && value <= max;
}

function rangeRule({ min, max }: Range): Violation | undefined {
  if (min === undefined) return undefined;
  if (min === max) return { rule: `must be ${min}`, limit: min };
  return max === undefined
    ? { rule: `must be at least ${min}`, limit: min }
    : { rule: `must be from ${min} to ${max}`, limit: max };
}

/** A list of at most 10 000 integers. Absent or null is the empty list, and a null element is 0, as in Go. */
export function integers(options: ListOptions<number> = {}): Member<readonly number[]> {
  return listOf("list of integers", options, (element, source) =>
    element.type === "null" ? valid(0) : readInteger(source),
  );
}

/** A list of at most 10 000 strings. Absent or null is the empty list, and a null element the empty string, as in Go. */
export function texts(options: ListOptions<string> = {}): Member<readonly string[]> {
  return listOf("list of strings", options, readText);
}

interface ListOptions<T> {
  readonly required?: boolean;
  readonly rule?: Violation;
  readonly isValid?: (list: readonly T[]) => boolean;
}

function listOf<T>(
  type: string,
  { required = false, rule, isValid }: ListOptions<T>,
  readElement: (element: JsonNode, source: string) => MemberResult<T>,
): Member<readonly T[]> {
  return {
    type,
    rule,
    isRequired: required,
    read(found) {
      if (isAbsent(found)) return valid([]);
      const { node, text: source } = found;
      if (node.type !== "array") return broken({ rule: `must be a ${type}` });
      const elements = node.children ?? [];
      if (elements.length > MAX_ELEMENTS) return broken(TOO_MANY);
      const values: T[] = [];
      for (const element of elements) {
        const start = element.offset - node.offset;
        const read = readElement(element, source.slice(start, start + element.length));
        if (!read.ok) return broken({ rule: `must be a ${type}: element ${values.length + 1} ${read.violation.rule}` });
        values.push(read.value);
      }
      return valid(values);
    },
    check(list) {
      if (list.length === 0) return required ? REQUIRED : undefined;
      return isValid === undefined || isValid(list) ? undefined : rule;
    },
  };
}

const TOO_MANY: Violation = { rule: `must have at most ${MAX_ELEMENTS} elements`, limit: MAX_ELEMENTS };

/** A JSON object, as its text was sent: parsing would round large numbers. Absent or null is `undefined`. */
export function objectText(rule: Violation): Member<string | undefined> {
  return {
    type: "object",
    rule,
    isRequired: false,
    read(found) {
      if (isAbsent(found)) return valid(undefined);
      return found.node.type === "object" ? valid(found.text) : broken({ rule: "must be an object" });
    },
    check: () => undefined,
  };
}

interface BytesOptions {
  /** The number of bytes, if there is only one. */
  readonly length?: number;
  readonly max?: number;
}

/** Bytes in standard base64, decoded as Go does. Absent or null is zero bytes. */
export function bytes(options: BytesOptions = {}): Member<Uint8Array<ArrayBuffer>> {
  const { length, max = length } = options;
  const rule = lengthRule(options);
  return {
    type: "base64",
    rule,
    isRequired: length !== undefined,
    read(found) {
      if (isAbsent(found)) return valid(new Uint8Array());
      const { node } = found;
      const decoded = node.type === "string" ? decodeBase64(node.value ?? "", { trailingBits: "ignore" }) : undefined;
      return decoded === undefined ? broken({ rule: "must be bytes in standard base64" }) : valid(decoded);
    },
    check: (value) =>
      value.length < (length ?? 0) || value.length > (max ?? Number.MAX_SAFE_INTEGER) ? rule : undefined,
  };
}

function lengthRule({ length, max }: BytesOptions): Violation | undefined {
  if (length !== undefined) return { rule: `must have ${length} bytes`, limit: length };
  return max === undefined ? undefined : { rule: `must have at most ${max} bytes`, limit: max };
}

function isAbsent(found: JsonMember | undefined): found is undefined {
  return found === undefined || found.node.type === "null";
}

export function valid<T>(value: T): MemberResult<T> {
  return { ok: true, value };
}

export function broken(violation: Violation): { readonly ok: false; readonly violation: Violation } {
  return { ok: false, violation };
}

function readText({ type, value }: JsonNode): MemberResult<string> {
  if (type === "null") return valid("");
  if (value === undefined) return broken({ rule: "must be a string" });
  if (value.length > MAX_TEXT_LENGTH) {
    return broken({ rule: `must have at most ${MAX_TEXT_LENGTH} characters`, limit: MAX_TEXT_LENGTH });
  }
  // A lone surrogate has no UTF-8 encoding, and UTF-8 is what is stored and what MACs cover.
  return value.isWellFormed() ? valid(value) : broken({ rule: "must be Unicode without lone surrogates" });
}

const MAX_INT64 = 2n ** 63n - 1n;

const NO_INTEGER: Violation = { rule: "must be an integer of at most 64 bits, without fraction or exponent" };

/**
 * An int64, as Go reads it. A value beyond the safe integers becomes the nearest safe one: version numbers never get
 * that high, so neither matches a version.
 */
function readInteger(source: string): MemberResult<number> {
  if (!/^-?\d{1,19}$/.test(source)) return broken(NO_INTEGER);
  const value = BigInt(source);
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) return broken(NO_INTEGER);
  const max = BigInt(Number.MAX_SAFE_INTEGER);
  return valid(Number(value > max ? max : value < -max ? -max : value));
}
