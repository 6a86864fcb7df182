import { findJsonFault, type JsonFault } from "./parse-json.ts";

/** Why a text was refused as JSON. Stable codes; nothing of the text is in them. */
export type StrictJsonRefusal = "too-large" | JsonFault;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: StrictJsonRefusal };

/** Ten times a large bundle. */
const MAX_LENGTH = 1_048_576;

/**
 * Parses JSON (RFC 8259) of at most 1 Mi characters in which no object, at any depth, names a member twice and nothing
 * is nested deeper than 32.
 *
 * `JSON.parse` keeps the last of two equal names, other parsers the first: a token or bundle with a duplicate means two
 * things to two readers (RFC 7515, section 5.2; RFC 7519, section 4). Integers that a double can't hold come
 * back as `bigint`, never rounded. Linear in the length of the text.
 */
export function parseStrictJson(text: string): StrictJson {
  if (text.length > MAX_LENGTH) return { ok: false, reason: "too-large" };
  // Characters bound the values as well: who sends a bundle is trusted, and a token has 8 KiB.
  const reason = findJsonFault(text, MAX_LENGTH);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, value: JSON.parse(text, /\d{16}/.test(text) ? keepBigIntegers : undefined) };
}

function keepBigIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
}
