import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { keys } from "../schema.ts";
import { readInteger, readTime } from "./cell-readers.ts";
import { fragment } from "./column.ts";
import { fields, joined, list, mapped, one, rowOf, text } from "./json.ts";

const integer = { sql: sql`1`, read: readInteger } as const;

describe("JSON of a query", () => {
  it("is an array for a row, with bytes in hexadecimal and NULL as null", () => {
    expect(fragment(rowOf(keys).sql).sql).toBe(
      "json_array(keys.key_id, iif(keys.check_value is null, null, hex(keys.check_value)), keys.created_at)",
    );
  });

  it("is an array for several values, which are read into an object", () => {
    const { sql: query, read } = fields({ a: integer, b: text(sql`'x'`) });
    expect(fragment(query).sql).toBe("json_array(1, 'x')");
    expect(read([7, "x"])).toEqual({ a: 7, b: "x" });
    for (const value of [[7], ["x", 7], {}, null]) expect(() => read(value)).toThrow("malformed");
  });

  it("is undefined for a row that does not exist", () => {
    const { sql: query, read } = one(rowOf(keys), (select) => select.from(keys));
    expect(fragment(query).sql).toMatch(/^\(select json_array\(.*\) from keys\)$/);
    expect(read(null)).toBeUndefined();
    expect(read(["k", "00", 1])).toEqual({ keyId: "k", checkValue: Uint8Array.of(0), createdAt: 1 });
  });

  it("is an empty list for NULL, as a caller gets who may not see the list", () => {
    const { read } = list(integer, sql`t`);
    expect([read(null), read([]), read([1, 2])]).toEqual([[], [], [1, 2]]);
    for (const value of ["[]", {}, [null], 1]) expect(() => read(value)).toThrow("malformed");
  });

  it("is undefined for a joined row only if all its columns are NULL", () => {
    const { read } = joined(rowOf(keys));
    expect(read([null, null, null])).toBeUndefined();
    expect(() => read(["k", null, null])).toThrow("malformed");
    expect(() => read(null)).toThrow("malformed");
  });

  it("is mapped after it was read", () => {
    expect(mapped(integer, (value) => value + 1).read(1)).toBe(2);
  });
});

describe("a time", () => {
  it("lies between 1970 and 9999", () => {
    expect(readTime(253_402_300_799_999)).toBe(253_402_300_799_999);
    for (const value of [-1, 253_402_300_800_000]) expect(() => readTime(value)).toThrow("malformed");
  });
});
