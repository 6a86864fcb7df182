import { findJsonFault, type JsonFault } from "./parse-json.ts";

/** Why a text is refused as JSON. Stable codes that quote nothing of the text. */
export type StrictJsonRefusal = "too-large" | JsonFault;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: StrictJsonRefusal };

/** Ten times the length of a large bundle. */
const MAX_LENGTH = 1_048_576;

/**
 * Parses JSON (RFC 8259) of at most 1 Mi characters. Refuses an object at any depth with two members of the same name,
 * and nesting deeper than 32.
 *
 * `JSON.parse` keeps the last of two equal names, other parsers the first. A token or bundle with such a duplicate means
 * different things to different readers (RFC 7515, section 5.2; RFC 7519, section 4). Integers that a double cannot
 * represent are returned as `bigint`, never rounded. Takes linear time.
 */
export function parseStrictJson(text: string): StrictJson {
  if (text.length > MAX_LENGTH) return { ok: false, reason: "too-large" };
  // The length also bounds the number of values. That suffices: bundles come from trusted senders, and tokens have 8 KiB.
  const reason = findJsonFault(text, MAX_LENGTH);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, value: JSON.parse(text, /\d{16}/.test(text) ? keepLargeIntegers : undefined) };
}

function keepLargeIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
}
