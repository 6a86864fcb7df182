import { base64url } from "jose";

/** Standard base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  const digits = base64url.encode(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
}

/** Base64url without padding (RFC 4648, section 5). */
export function encodeBase64url(bytes: Uint8Array): string {
  return base64url.encode(bytes);
}

/**
 * Decodes standard base64 with padding (RFC 4648, section 4). Returns `undefined` unless the text is the canonical
 * encoding of its bytes: no `-`, `_` or white space, and trailing bits zero. With `trailingBits: "ignore"`, as in Go,
 * they may have any value.
 */
export function decodeBase64(
  text: string,
  { trailingBits = "refuse" }: { readonly trailingBits?: "refuse" | "ignore" } = {},
): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) return undefined;
  const digits = text.replaceAll("=", "");
  if (trailingBits === "refuse" && !hasZeroTrailingBits(digits)) return undefined;
  return new Uint8Array(base64url.decode(digits.replaceAll("+", "-").replaceAll("/", "_")));
}

/**
 * Decodes base64url without padding (RFC 4648, section 5). Returns `undefined` unless the text is the canonical
 * encoding of its bytes: no `=`, `+`, `/` or white space, and trailing bits zero. Lenient decoders would give one token
 * or key many spellings.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^[\w-]*$/.test(text) && hasZeroTrailingBits(text) ? new Uint8Array(base64url.decode(text)) : undefined;
}

/** A last group of two digits carries one byte and four spare bits, one of three carries two bytes and two spare bits. */
function hasZeroTrailingBits(digits: string): boolean {
  const last = digits.charAt(digits.length - 1);
  switch (digits.length % 4) {
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
