import { decodeBase64url } from "../../seal/decode-base64url.ts";

/**
 * The bytes, or `undefined` unless the text is their one canonical base64 spelling (RFC 4648, section 4, with padding): no
 * `-`, `_` or whitespace, and trailing bits zero.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(text)) return undefined;
  return decodeBase64url(text.replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_"));
}
