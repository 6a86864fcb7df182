/** Writes valid and invalid DER for tests, without the library that the code reads it with, so that they share no bug. */

export type Der = Uint8Array<ArrayBuffer>;

/** One element: identifier octet, shortest definite length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Der {
  const content = bytesOf(...contents);
  return bytesOf([tag], length(content.length), content);
}

export function bytesOf(...parts: readonly (Uint8Array | readonly number[])[]): Der {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

export function sequence(...items: readonly Uint8Array[]): Der {
  return element(0x30, ...items);
}

/** `[tag] EXPLICIT` around an element. */
export function tagged(tag: number, ...items: readonly Uint8Array[]): Der {
  return element(0xa0 | tag, ...items);
}

/** An INTEGER from unsigned bytes, with or without leading zeros. */
export function integer(...unsigned: readonly number[]): Der {
  const start = unsigned.findIndex((byte) => byte !== 0);
  const shortest = start < 0 ? [0] : unsigned.slice(start);
  return element(0x02, bytesOf((shortest[0] ?? 0) > 127 ? [0, ...shortest] : shortest));
}

export function boolean(value: boolean): Der {
  return element(0x01, bytesOf([value ? 0xff : 0]));
}

export function octetString(content: Uint8Array): Der {
  return element(0x04, content);
}

export function bitString(content: Uint8Array, unusedBits = 0): Der {
  return element(0x03, bytesOf([unusedBits], content));
}

/** A BIT STRING of named bits, without trailing zeros (X.690, section 11.2.2). */
export function namedBits(...bits: readonly number[]): Der {
  const last = Math.max(-1, ...bits);
  const octets = Array.from({ length: Math.ceil((last + 1) / 8) }, () => 0);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(bytesOf(octets), (8 * octets.length - last - 1) & 7);
}

export function objectIdentifier(dotted: string): Der {
  const [first = 0, second = 0, ...arcs] = dotted.split(".").map(Number);
  return element(0x06, bytesOf([first * 40 + second], arcs.flatMap(base128)));
}

export function text(tag: number, value: string): Der {
  return element(tag, new TextEncoder().encode(value));
}

/** A UTCTime up to 2049, then a GeneralizedTime (RFC 5280, section 4.1.2.5); milliseconds since 1970. */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  return ms < Date.UTC(2050, 0) ? text(0x17, digits.slice(2)) : text(0x18, digits);
}

function length(octets: number): readonly number[] {
  if (octets < 128) return [octets];
  const bytes = octets < 256 ? [octets] : [octets >> 8, octets & 255];
  return [0x80 | bytes.length, ...bytes];
}

function base128(arc: number): readonly number[] {
  const rest = Math.floor(arc / 128);
  return [...(rest > 0 ? base128(rest).map((byte) => byte | 128) : []), arc % 128];
}
