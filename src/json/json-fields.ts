import { decodeBase64 } from "../encoding/base64.ts";
import type { JsonMember, JsonObject } from "./json-object.ts";
import type { JsonNode } from "./parse-json.ts";

/** What a field turns out to be: its value, or something of another shape. */
export type FieldResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

const WRONG = { ok: false } as const;

/** Members are found whatever their case; the object holds them by folded name. */
function memberOf(body: JsonObject, name: string): JsonMember | undefined {
  return body.get(name.toLowerCase());
}

/**
 * Characters of a string that is no value of a secret: twice what the longest one that is any good has, a SPIFFE ID's
 * pattern. What goes on into queries, logs and MACs is bounded by it, whatever else a field's own rule says.
 */
const LONGEST_STRING = 4096;

/** A string of at most 4096 characters; absent or null is empty, as in Go. */
export function stringField(body: JsonObject, name: string): FieldResult<string> {
  const node = memberOf(body, name)?.node;
  return node === undefined ? EMPTY : string(node);
}

/** An integer; absent or null is undefined. A fraction, an exponent or a string is not one, as in Go. */
export function integerField(body: JsonObject, name: string): FieldResult<number | undefined> {
  const member = memberOf(body, name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: undefined };
  return integer(member.text);
}

/** Far more than any secret keeps, and little enough to walk through several times. */
const MAX_LISTED = 10_000;

/** A list of at most 10 000 integers; absent or null is empty. */
export function integersField(body: JsonObject, name: string): FieldResult<readonly number[]> {
  const member = memberOf(body, name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: [] };
  if (member.node.type !== "array" || (member.node.children?.length ?? 0) > MAX_LISTED) return WRONG;
  const values: number[] = [];
  for (const element of member.node.children ?? []) {
    const start = element.offset - member.node.offset;
    const parsed = element.type === "null" ? ZERO : integer(member.text.slice(start, start + element.length));
    if (!parsed.ok) return WRONG;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

/** A list of at most 10 000 such strings; absent or null is empty, and null among them an empty one, as in Go. */
export function stringsField(body: JsonObject, name: string): FieldResult<readonly string[]> {
  const node = memberOf(body, name)?.node;
  if (node === undefined || node.type === "null") return { ok: true, value: [] };
  const elements = node.children ?? [];
  if (node.type !== "array" || elements.length > MAX_LISTED) return WRONG;
  const values: string[] = [];
  for (const element of elements) {
    const parsed = string(element);
    if (!parsed.ok) return WRONG;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

/** Bytes in base64, as many as the body holds; absent or null is none, as in Go. */
export function bytesField(body: JsonObject, name: string): FieldResult<Uint8Array<ArrayBuffer>> {
  const node = memberOf(body, name)?.node;
  if (node === undefined || node.type === "null") return { ok: true, value: new Uint8Array() };
  const bytes = node.type === "string" ? decodeBase64(node.value ?? "", { trailingBits: "ignore" }) : undefined;
  return bytes === undefined ? WRONG : { ok: true, value: bytes };
}

const EMPTY: FieldResult<string> = { ok: true, value: "" };

function string({ type, value }: JsonNode): FieldResult<string> {
  if (type === "null") return EMPTY;
  if (value === undefined || value.length > LONGEST_STRING) return WRONG;
  // Half of a surrogate pair is no text: it has no UTF-8, which is what is stored and what MACs are made over.
  return value.isWellFormed() ? { ok: true, value } : WRONG;
}

const ZERO: FieldResult<number> = { ok: true, value: 0 };

const INT64_MOST = 2n ** 63n - 1n;

/**
 * An int64, as Go reads it. One that JavaScript cannot hold exactly comes back as the nearest that it can: no number of a
 * version is ever that high, so it matches nothing either way.
 */
function integer(text: string): FieldResult<number> {
  if (!/^-?\d{1,19}$/.test(text)) return WRONG;
  const value = BigInt(text);
  if (value > INT64_MOST || value < -INT64_MOST - 1n) return WRONG;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return { ok: true, value: Number(value > most ? most : value < -most ? -most : value) };
}
