import { base64url } from "jose";

/**
 * The bytes, or `undefined` unless the text is their one canonical base64url spelling (RFC 4648, section 5, without
 * padding): no `=`, `+`, `/` or whitespace, and trailing bits zero. Decoders forgive these, which would give one token
 * or key many spellings.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^[\w-]*$/.test(text) && hasZeroTrailingBits(text) ? new Uint8Array(base64url.decode(text)) : undefined;
}

/** Two last characters carry one byte and four bits too many, three carry two bytes and two bits too many. */
function hasZeroTrailingBits(text: string): boolean {
  const last = text.charAt(text.length - 1);
  switch (text.length % 4) {
    case 0:
      return true;
    case 2:
      return "AQgw".includes(last);
    case 3:
      return "AEIMQUYcgkosw048".includes(last);
    default:
      return false;
  }
}
