import { base64url } from "jose";

/**
 * RFC 4648, section 5, without padding: groups of four, then two or three characters whose unused low bits are zero,
 * which leaves four and sixteen characters to stand last.
 */
const CANONICAL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/**
 * The bytes, or `undefined` unless the text is their one canonical base64url spelling: no `=`, `+`, `/` or whitespace,
 * and trailing bits zero. Decoders forgive these, which would give one token many spellings.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  return CANONICAL.test(text) ? base64url.decode(text) : undefined;
}
