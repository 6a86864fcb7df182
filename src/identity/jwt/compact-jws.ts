import { decodeBase64url } from "../../encoding/base64.ts";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { parseStrictJson, type StrictJsonRefusal } from "../../json/strict-json.ts";

/** The decoded header and claims of a token. Of the signature, only its encoding has been checked. */
export interface CompactJws {
  readonly header: Uint8Array;
  readonly claims: Uint8Array;
}

export type CompactJwsRefusal = "token-too-large" | "token-not-compact" | "token-not-base64url";

export type SegmentRefusal = StrictJsonRefusal | "not-utf8" | "not-object";

/** Real JWT-SVIDs are below 2 KiB. Larger tokens are refused before any decoding, so they cost nothing. */
const MAX_TOKEN_BYTES = 8192;

/**
 * Splits a JWS in compact serialisation (RFC 7515, section 7.1): exactly three non-empty segments in canonical base64url
 * (no padding, `+`, `/` or white space, trailing bits zero), at most 8 KiB in total.
 */
export function splitCompactJws(
  token: string,
): ({ readonly ok: true } & CompactJws) | { readonly ok: false; readonly reason: CompactJwsRefusal } {
  if (token.length > MAX_TOKEN_BYTES) return { ok: false, reason: "token-too-large" };
  const segments = token.split(".");
  if (segments.length !== 3 || segments.includes("")) return { ok: false, reason: "token-not-compact" };
  const [header, claims, signature] = segments.map(decodeBase64url);
  if (!header || !claims || !signature) return { ok: false, reason: "token-not-base64url" };
  return { ok: true, header, claims };
}

/** Parses a segment as one JSON object in UTF-8 without duplicate members; {@link parseStrictJson} has the bounds. */
export function parseSegment(
  segment: Uint8Array,
):
  | { readonly ok: true; readonly members: ReadonlyMap<string, unknown> }
  | { readonly ok: false; readonly reason: SegmentRefusal } {
  // A byte order mark stays in the text, so JSON parsing refuses it.
  const text = tryDecodeUtf8(segment);
  if (text === undefined) return { ok: false, reason: "not-utf8" };
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return parsed;
  if (typeof parsed.value !== "object" || parsed.value === null || Array.isArray(parsed.value)) {
    return { ok: false, reason: "not-object" };
  }
  // A map, so that `__proto__` is an ordinary name and absent members are not found on a prototype.
  return { ok: true, members: new Map(Object.entries(parsed.value)) };
}
