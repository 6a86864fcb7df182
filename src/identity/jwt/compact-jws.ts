import { decodeBase64url } from "../../encoding/base64.ts";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { parseStrictJson, type StrictJsonRefusal } from "../../json/strict-json.ts";

/** What a token says, decoded. Its signature was seen to be canonical base64url, no more. */
export interface CompactJws {
  readonly header: Uint8Array;
  readonly claims: Uint8Array;
}

export type CompactJwsRefusal = "token-too-large" | "token-not-compact" | "token-not-base64url";

export type JsonPartRefusal = StrictJsonRefusal | "not-utf8" | "not-object";

/** A real JWT-SVID has less than 2 KiB. Refused before anything is decoded, so that a large token costs nothing. */
const MAX_TOKEN_BYTES = 8192;

/**
 * Splits a JWS in compact serialisation (RFC 7515, section 7.1): exactly three non-empty parts, each in the one
 * canonical spelling of base64url (no padding, no `+` or `/`, no whitespace, trailing bits zero), 8 KiB at most.
 */
export function splitCompactJws(
  token: string,
): ({ readonly ok: true } & CompactJws) | { readonly ok: false; readonly reason: CompactJwsRefusal } {
  if (token.length > MAX_TOKEN_BYTES) return { ok: false, reason: "token-too-large" };
  const parts = token.split(".");
  if (parts.length !== 3 || parts.includes("")) return { ok: false, reason: "token-not-compact" };
  const [header, claims, signature] = parts.map(decodeBase64url);
  if (!header || !claims || !signature) return { ok: false, reason: "token-not-base64url" };
  return { ok: true, header, claims };
}

/** Reads a part as one JSON object in valid UTF-8 without duplicate members; see {@link parseStrictJson} for bounds. */
export function jsonObjectOf(
  part: Uint8Array,
):
  | { readonly ok: true; readonly members: ReadonlyMap<string, unknown> }
  | { readonly ok: false; readonly reason: JsonPartRefusal } {
  // A byte order mark is kept, and then refused as JSON.
  const text = tryDecodeUtf8(part);
  if (text === undefined) return { ok: false, reason: "not-utf8" };
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return parsed;
  if (typeof parsed.value !== "object" || parsed.value === null || Array.isArray(parsed.value)) {
    return { ok: false, reason: "not-object" };
  }
  // A map: a member called `__proto__` is a name like any other, and what is absent is not found on a prototype.
  return { ok: true, members: new Map(Object.entries(parsed.value)) };
}
