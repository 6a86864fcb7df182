/** Text as UTF-8 bytes of a buffer of their own. Lone surrogates become U+FFFD: refuse them before. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
