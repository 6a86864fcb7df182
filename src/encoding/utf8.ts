/** Shared, because it keeps no state between complete texts. A byte order mark is part of the text and is kept. */
const STRICT_DECODER: Readonly<TextDecoder> = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8. @throws TypeError if the bytes are not valid UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  return STRICT_DECODER.decode(bytes);
}

/** Decodes UTF-8; undefined if the bytes are not valid UTF-8. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** Encodes text as UTF-8 in a buffer of its own. Replaces lone surrogates by U+FFFD: callers refuse them first. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
