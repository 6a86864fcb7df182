import type { JsonObject } from "./json-object.ts";

/** What a field turns out to be: its value, or something of another shape. */
export type FieldResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

const WRONG = { ok: false } as const;

/** A string; absent or null is empty, as in Go. */
export function stringField(body: JsonObject, name: string): FieldResult<string> {
  const node = body.get(name)?.node;
  if (node === undefined || node.type === "null") return { ok: true, value: "" };
  const value: unknown = node.value;
  return typeof value === "string" ? { ok: true, value } : WRONG;
}

/** An integer; absent or null is undefined. A fraction, an exponent or a string is not one, as in Go. */
export function integerField(body: JsonObject, name: string): FieldResult<number | undefined> {
  const member = body.get(name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: undefined };
  return integer(member.text);
}

/** A list of integers; absent or null is empty. */
export function integersField(body: JsonObject, name: string): FieldResult<readonly number[]> {
  const member = body.get(name);
  if (member === undefined || member.node.type === "null") return { ok: true, value: [] };
  if (member.node.type !== "array") return WRONG;
  const values: number[] = [];
  for (const element of member.node.children ?? []) {
    const start = element.offset - member.node.offset;
    const parsed = element.type === "null" ? ZERO : integer(member.text.slice(start, start + element.length));
    if (!parsed.ok) return WRONG;
    values.push(parsed.value);
  }
  return { ok: true, value: values };
}

const ZERO: FieldResult<number> = { ok: true, value: 0 };

function integer(text: string): FieldResult<number> {
  const value = Number(text);
  // -0 would not equal 0 where it is compared as a key.
  return /^-?\d+$/.test(text) && Number.isSafeInteger(value) ? { ok: true, value: value + 0 } : WRONG;
}
