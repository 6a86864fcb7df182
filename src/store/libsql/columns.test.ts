import { describe, expect, it } from "vitest";
import { Columns } from "./columns.ts";

const of = (...row: readonly unknown[]) => new Columns(row);

describe("the columns of a row", () => {
  it("are read in their order, and all of them", () => {
    const columns = of(1, "a", "00fF", null, 0);
    expect([columns.integer(), columns.text(), columns.bytes(), columns.textOrNull(), columns.boolean()]).toEqual([
      1,
      "a",
      Uint8Array.of(0, 255),
      null,
      false,
    ]);
    columns.end();
    expect(() => of(1).end()).toThrow("malformed");
    expect(() => of().integer()).toThrow("malformed");
  });

  it("of a row that was not found are skipped together", () => {
    const columns = of(null, null, 3);
    expect(columns.skipNulls(3)).toBe(false);
    expect(columns.skipNulls(2)).toBe(true);
    expect(columns.integerOrNull()).toBe(3);
  });

  it.each([["1"], [1.5], [2 ** 53], [null], [undefined]])("%j is no integer", (value) => {
    expect(() => of(value).integer()).toThrow("malformed");
  });

  it.each([[1], [null], ["0"], ["0g"], ["é0"], ["0x"]])("%j is no bytes", (value) => {
    expect(() => of(value).bytes()).toThrow("malformed");
  });

  it.each([[-1], [253_402_300_800_000]])("%j is no time", (value) => {
    expect(() => of(value).time()).toThrow("malformed");
  });

  it("are those of a list", () => {
    for (const row of [null, {}, "x", 1]) expect(() => new Columns(row)).toThrow("malformed");
  });
});
