import { bytesToHex } from "@noble/curves/utils.js";
import { ASN1Form, parseASN1 } from "@oslojs/asn1";
import { MAX_CERTIFICATE_BYTES } from "./limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One element of a DER encoding. */
export interface DerElement {
  /** The identifier octet: class, constructed or not, number. `0x30` is a SEQUENCE. */
  readonly tag: number;
  /** The whole element as received, with identifier and length. */
  readonly der: Bytes;
  readonly content: Bytes;
  /** The elements inside a constructed element; empty for a primitive one. */
  readonly items: readonly DerElement[];
}

const SEQUENCE = 0x30;
const SEQUENCE_NUMBER = 16;
const SET_NUMBER = 17;

/** A leaf of SPIRE has 50 elements and a depth of 8. A hundred more names add a hundred elements. */
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 512;

/**
 * Parses one DER element of at most 10 KiB (X.690, sections 8 and 10): tags up to 30, definite lengths in the shortest
 * form, no constructed strings, no bytes after the end. Returns `undefined` for anything else. Never throws.
 *
 * DER inside an OCTET STRING or BIT STRING is not parsed; callers that expect it there parse it themselves.
 */
export function parseDer(bytes: Bytes): DerElement | undefined {
  if (bytes.length > MAX_CERTIFICATE_BYTES) return undefined;
  const element = elementAt(bytes, { depth: MAX_DEPTH, elements: { left: MAX_ELEMENTS } });
  return element?.der.length === bytes.length ? element : undefined;
}

/** The content octets of an element with this tag. */
export function contentOf(element: DerElement | undefined, tag: number): Bytes | undefined {
  return element?.tag === tag ? element.content : undefined;
}

/** The items of an element with this tag; undefined if it has none. */
export function itemsOf(element: DerElement | undefined, tag = SEQUENCE): readonly DerElement[] | undefined {
  return element?.tag === tag && element.items.length > 0 ? element.items : undefined;
}

/** A BOOLEAN. True is FF and nothing else (X.690, section 11.1). */
export function booleanOf(element: DerElement): boolean | undefined {
  const content = contentOf(element, 0x01);
  if (content?.length !== 1) return undefined;
  return content[0] === 0xff ? true : content[0] === 0 ? false : undefined;
}

/** A non-negative INTEGER as unsigned bytes, without leading zeros (X.690, section 8.3.2). Zero is one byte. */
export function unsignedOf(element: DerElement | undefined): Bytes | undefined {
  const [first, second] = contentOf(element, 0x02) ?? [];
  if (element === undefined || first === undefined || first > 127) return undefined;
  if (first !== 0 || second === undefined) return element.content;
  return second > 127 ? element.content.subarray(1) : undefined;
}

/** A BIT STRING: its octets, of which the last `unused` bits are padding and zero (X.690, section 11.2.1). */
export function bitStringOf(
  element: DerElement | undefined,
): { readonly octets: Bytes; readonly unused: number } | undefined {
  const content = contentOf(element, 0x03);
  const unused = content?.[0];
  if (content === undefined || unused === undefined || unused > 7) return undefined;
  const octets = content.subarray(1);
  const padding = (octets.at(-1) ?? 0) & ((1 << unused) - 1);
  return padding === 0 && (octets.length > 0 || unused === 0) ? { octets, unused } : undefined;
}

/** The octets of a BIT STRING without unused bits. */
export function octetsOf(element: DerElement | undefined): Bytes | undefined {
  const bits = bitStringOf(element);
  return bits?.unused === 0 ? bits.octets : undefined;
}

/** Lower-case hexadecimal, for comparing encodings. */
export function hexOf(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}

/** The remaining depth below this element, and the remaining elements in total. */
interface Budget {
  readonly depth: number;
  readonly elements: { left: number };
}

/** The element at the start of `bytes`. */
function elementAt(bytes: Bytes, { depth, elements }: Budget): DerElement | undefined {
  elements.left -= 1;
  const tag = bytes[0];
  const found = readHeader(bytes);
  if (found === undefined || tag === undefined || depth === 0 || elements.left < 0) return undefined;
  const { isConstructed, start, end } = found;
  // Among the universal types in certificates, only these two are constructed.
  const number = tag & 0x1f;
  if (tag < 0x40 && isConstructed !== (number === SEQUENCE_NUMBER || number === SET_NUMBER)) return undefined;
  const content = bytes.subarray(start, end);
  const items = isConstructed ? elementsIn(content, { depth: depth - 1, elements }) : [];
  return items && { tag, der: bytes.subarray(0, end), content, items };
}

/** The consecutive elements that fill `bytes`. */
function elementsIn(bytes: Bytes, budget: Budget): readonly DerElement[] | undefined {
  const items: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const item = elementAt(bytes.subarray(at), budget);
    if (item === undefined) return undefined;
    items.push(item);
    at += item.der.length;
  }
  return items;
}

/** The bounds of the first element's content; undefined if its tag or length is not valid DER. */
function readHeader(
  bytes: Bytes,
): { readonly isConstructed: boolean; readonly start: number; readonly end: number } | undefined {
  try {
    const [value, end] = parseASN1(bytes);
    const start = end - value.contents().length;
    // The library accepts tags of several octets, and lengths with leading zeros.
    if (start !== 1 + lengthOctets(end - start)) return undefined;
    return { isConstructed: value.form === ASN1Form.Constructed, start, end };
  } catch {
    return undefined;
  }
}

/** Octets of the shortest form of a length below 64 KiB (X.690, section 10.1). */
function lengthOctets(length: number): number {
  return length < 0x80 ? 1 : length < 0x100 ? 2 : 3;
}
