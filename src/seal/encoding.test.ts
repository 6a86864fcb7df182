import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeCanonical, type Field } from "./encoding.ts";

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
  fc.uint8Array({ maxLength: 20 }),
);
const fields = fc.array(field, { maxLength: 6 });

const same = (a: readonly Field[], b: readonly Field[]): boolean =>
  a.length === b.length &&
  a.every((value, index) => {
    const other = b[index];
    if (value instanceof Uint8Array) return other instanceof Uint8Array && String(value) === String(other);
    return Object.is(value, other);
  });

describe("encodeCanonical", () => {
  it("writes the documented layout", () => {
    expect(Buffer.from(encodeCanonical("ab", [null, -2, "é", Uint8Array.of(9)])).toString("hex")).toBe(
      ["00000005", "02000000026162", "00", "01fffffffffffffffe", "0200000002c3a9", "030000000109"].join(""),
    );
  });

  it("encodes different lists differently", () => {
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        const equal = Buffer.compare(encodeCanonical("l", a), encodeCanonical("l", b)) === 0;
        expect(equal).toBe(same(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  it("distinguishes lists that differ only in types, positions or lengths", () => {
    const lists: readonly (readonly Field[])[] = [
      [],
      [null],
      [""],
      [0],
      [new Uint8Array()],
      ["0"],
      ["a", "b"],
      ["ab"],
      ["ab", ""],
      ["", "ab"],
      [Uint8Array.of(97, 98)],
      [null, null],
      [1],
      [256],
    ];
    const encodings = lists.map((list) => Buffer.from(encodeCanonical("l", list)).toString("hex"));
    expect(new Set(encodings).size).toBe(lists.length);
    expect(encodeCanonical("a", ["b"])).not.toEqual(encodeCanonical("b", ["a"]));
    expect(encodeCanonical("a", [])).not.toEqual(encodeCanonical("b", []));
  });

  it("rejects values without a unique encoding", () => {
    for (const value of [1.5, Number.NaN, Infinity, 2 ** 53, "\uD800"]) {
      expect(() => encodeCanonical("l", [value])).toThrow(RangeError);
    }
  });
});
