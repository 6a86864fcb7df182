import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bitStringOf, booleanOf, hexOf, octetsOf, parseDer, unsignedOf } from "./der.ts";
import * as write from "./der.fixture.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const nested = (depth: number): write.Der => (depth === 0 ? write.integer(1) : write.sequence(nested(depth - 1)));

describe("parseDer", () => {
  test("returns the parts of an element as received", () => {
    const inner = write.sequence(write.integer(7), write.octetString(hex("0500")));
    const parsed = parseDer(write.sequence(inner, write.boolean(true)));
    expect(parsed).toMatchObject({ tag: 0x30, items: [{ tag: 0x30 }, { tag: 0x01 }] });
    expect(parsed?.items[0]?.der).toEqual(inner);
    expect(parsed?.items[0]?.items.map(({ tag, content }) => [tag, hexOf(content)])).toEqual([
      [0x02, "07"],
      [0x04, "0500"],
    ]);
  });

  test.each([0, 1, 127, 128, 255, 256, 10_236])("reads a length of %i in its shortest form", (length) => {
    expect(parseDer(write.octetString(new Uint8Array(length)))?.content).toHaveLength(length);
  });

  test.each([
    ["nothing", ""],
    ["a tag alone", "30"],
    ["an octet after the end", "0500 00"],
    ["an element after the end", "0500 0500"],
    ["a truncated content", "0402 00"],
    ["an item that is longer than its container", "3003 0402 00 00"],
    ["an item that is shorter than its container", "3004 0401 00 00"],
    ["an indefinite length", "3080 0500 0000"],
    ["a long form for a short length", "0481 01 00"],
    ["a length with a leading zero", "0482 0001 00"],
    ["a length in more octets than present", "04ff 00"],
    ["a length beyond a number", `04ff${"ff".repeat(127)}`],
    ["a tag of two octets", "1f1f 00"],
    ["a short tag written as a long one", "1f04 01 00"],
    ["a constructed octet string", "2403 0401 00"],
    ["a constructed bit string", "2304 0302 0000"],
    ["a primitive SEQUENCE", "1000"],
    ["the first octet of a missing element", "3003 0500 05"],
  ])("rejects %s", (_case, octets) => {
    expect(parseDer(hex(octets))).toBeUndefined();
  });

  test("accepts at most 10 KiB, 16 levels and 512 elements", () => {
    expect(parseDer(write.octetString(new Uint8Array(10_237)))).toBeUndefined();
    expect(parseDer(nested(15))).toBeDefined();
    expect(parseDer(nested(16))).toBeUndefined();
    const many = (count: number) => write.sequence(...Array.from({ length: count }, () => write.integer(1)));
    expect(parseDer(many(511))?.items).toHaveLength(511);
    expect(parseDer(many(512))).toBeUndefined();
  });

  test("returns parts that reproduce the input", () => {
    const octet = fc.oneof(fc.constantFrom(0x30, 0x31, 0xa0, 0x02, 0x04, 0, 1, 2, 3, 4), fc.nat({ max: 255 }));
    const property = fc.property(fc.array(octet, { minLength: 1, maxLength: 40 }), (octets) => {
      const given = Uint8Array.from(octets);
      const parsed = parseDer(given);
      if (parsed === undefined) return;
      const content = parsed.items.length > 0 ? write.bytesOf(...parsed.items.map(({ der }) => der)) : parsed.content;
      expect(write.element(parsed.tag, content)).toEqual(given);
    });
    fc.assert(property, { numRuns: 5000 });
  });
});

describe("booleanOf", () => {
  test("reads the two values", () => {
    expect([true, false].map((value) => booleanOf(parseDer(write.boolean(value))!))).toEqual([true, false]);
  });

  test.each(["010101", "0100", "01020000", "0201ff"])("rejects %s", (octets) => {
    expect(booleanOf(parseDer(hex(octets))!)).toBeUndefined();
  });
});

describe("unsignedOf", () => {
  test.each([
    ["020100", "00"],
    ["02017f", "7f"],
    ["02020080", "80"],
    ["02020100", "0100"],
  ])("reads %s", (octets, magnitude) => {
    expect(hexOf(unsignedOf(parseDer(hex(octets)))!)).toBe(magnitude);
  });

  test.each([
    ["a negative number", "0201ff"],
    ["no octet", "0200"],
    ["a superfluous octet", "0202007f"],
    ["another type", "040101"],
  ])("rejects %s", (_case, octets) => {
    expect(unsignedOf(parseDer(hex(octets)))).toBeUndefined();
  });
});

describe("bitStringOf", () => {
  test("reads the octets and the number of unused bits", () => {
    expect(bitStringOf(parseDer(hex("03020780")))).toEqual({ octets: hex("80"), unused: 7 });
    expect(bitStringOf(parseDer(hex("030100")))).toEqual({ octets: hex(""), unused: 0 });
    expect(octetsOf(parseDer(hex("030300beef")))).toEqual(hex("beef"));
  });

  test.each([
    ["no octet", "0300"],
    ["more unused bits than an octet has", "03020800"],
    ["unused bits without octets", "030101"],
    ["unused bits that are set", "030207ff"],
  ])("rejects %s", (_case, octets) => {
    expect(bitStringOf(parseDer(hex(octets)))).toBeUndefined();
  });

  test("octetsOf rejects a bit string with unused bits", () => {
    expect(octetsOf(parseDer(hex("03020780")))).toBeUndefined();
  });
});
