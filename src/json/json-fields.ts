import { decodeBase64 } from "../encoding/base64.ts";
import type { JsonMember, JsonObject } from "./json-object.ts";
import type { JsonNode } from "./parse-json.ts";

/** The value of a field, or `ok: false` if the field has another type. */
export type FieldResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

const WRONG = { ok: false } as const;

/** Finds a member regardless of case: the object keys its members by folded name. */
function memberOf(body: JsonObject, name: string): JsonMember | undefined {
  return body.get(name.toLowerCase());
}

/**
 * Characters of a string field, secret values excepted. Twice the longest valid one, a pattern of SPIFFE IDs. Bounds
 * everything that reaches queries, logs and MACs, regardless of the rules of each field.
 */
const MAX_STRING_LENGTH = 4096;

/** A string of at most 4096 characters. Absent or null is the empty string, as in Go. */
export function stringField(body: JsonObject, name: string): FieldResult<string> {
  const node = memberOf(body, name)?.node;
  return node === undefined ? EMPTY : string(node);
}

/** An integer. Absent or null is `undefined`. A fraction, an exponent or a string is refused, as in Go. */
export function integerField(body: JsonObject, name: string): FieldResult<number | undefined> {
  const member = memberOf(body, name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: undefined };
  return integer(member.text);
}

/** Far more versions than any secret keeps, and few enough to iterate several times. */
const MAX_ELEMENTS = 10_000;

/** A list of at most 10 000 integers. Absent or null is the empty list, and a null element is 0, as in Go. */
export function integersField(body: JsonObject, name: string): FieldResult<readonly number[]> {
  const member = memberOf(body, name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: [] };
  if (member.node.type !== "array" || (member.node.children?.length ?? 0) > MAX_ELEMENTS) return WRONG;
  const values: number[] = [];
  for (const element of member.node.children ?? []) {
    const start = element.offset - member.node.offset;
    const parsed = element.type === "null" ? ZERO : integer(member.text.slice(start, start + element.length));
    if (!parsed.ok) return WRONG;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

/** A list of at most 10 000 strings. Absent or null is the empty list, and a null element the empty string, as in Go. */
export function stringsField(body: JsonObject, name: string): FieldResult<readonly string[]> {
  const node = memberOf(body, name)?.node;
  if (node === undefined || node.type === "null") return { ok: true, value: [] };
  const elements = node.children ?? [];
  if (node.type !== "array" || elements.length > MAX_ELEMENTS) return WRONG;
  const values: string[] = [];
  for (const element of elements) {
    const parsed = string(element);
    if (!parsed.ok) return WRONG;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

/** Bytes in standard base64 of any length, decoded as Go does. Absent or null is zero bytes. */
export function bytesField(body: JsonObject, name: string): FieldResult<Uint8Array<ArrayBuffer>> {
  const node = memberOf(body, name)?.node;
  if (node === undefined || node.type === "null") return { ok: true, value: new Uint8Array() };
  const bytes = node.type === "string" ? decodeBase64(node.value ?? "", { trailingBits: "ignore" }) : undefined;
  return bytes === undefined ? WRONG : { ok: true, value: bytes };
}

const EMPTY: FieldResult<string> = { ok: true, value: "" };

function string({ type, value }: JsonNode): FieldResult<string> {
  if (type === "null") return EMPTY;
  if (value === undefined || value.length > MAX_STRING_LENGTH) return WRONG;
  // A lone surrogate has no UTF-8 encoding, and UTF-8 is what is stored and what MACs cover.
  return value.isWellFormed() ? { ok: true, value } : WRONG;
}

const ZERO: FieldResult<number> = { ok: true, value: 0 };

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * An int64, as Go reads it. A value beyond the safe integers becomes the nearest safe one: version numbers never get
 * that high, so neither matches a version.
 */
function integer(text: string): FieldResult<number> {
  if (!/^-?\d{1,19}$/.test(text)) return WRONG;
  const value = BigInt(text);
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) return WRONG;
  const max = BigInt(Number.MAX_SAFE_INTEGER);
  return { ok: true, value: Number(value > max ? max : value < -max ? -max : value) };
}
