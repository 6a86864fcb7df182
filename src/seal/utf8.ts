/** One for all, since it keeps nothing between whole texts. The byte order mark stays: it is part of the text. */
const STRICT: Readonly<TextDecoder> = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that these bytes are in UTF-8. @throws TypeError when they are none */
export function decodeUtf8(bytes: Uint8Array): string {
  return STRICT.decode(bytes);
}

/** The same; undefined when they are none. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** Text as UTF-8 bytes of a buffer of their own. Lone surrogates become U+FFFD: refuse them before. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
