import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { db, placeholder } from "../query-builder.ts";
import { keys } from "../schema.ts";
import { readInteger } from "./cell-readers.ts";
import { bytesColumn, fragment, jsonColumn } from "./column.ts";

describe("a fragment", () => {
  it("names its placeholders, lists each once, and is short", () => {
    const query = sql`select ${sql.identifier("path")}
      from t  where a = ${placeholder("a")} and b = ${placeholder("b")} and c = ${placeholder("a")}`;
    expect(fragment(query)).toEqual({
      sql: "select path from t where a = :a and b = :b and c = :a",
      places: ["a", "b"],
    });
  });

  it("names the placeholders of Drizzle's query builder, and has its constants in the text", () => {
    const query = db
      .select()
      .from(keys)
      .where(eq(keys.keyId, placeholder("key")))
      .limit(1);
    expect(fragment(query)).toEqual({
      sql: "(select key_id, check_value, created_at from keys where keys.key_id = :key limit 1)",
      places: ["key"],
    });
  });

  it("leaves quoted texts unchanged", () => {
    expect(fragment(sql`select '?  x', ${placeholder("a")}, '\n'`).sql).toBe("select '?  x', :a, '\n'");
  });
});

describe("a column", () => {
  const integer = jsonColumn({ sql: sql`1`, read: readInteger });
  const bytes = bytesColumn(sql`x`);

  it("holds JSON", () => {
    expect(integer.read("7")).toBe(7);
    for (const value of [7, "", "{", undefined, new ArrayBuffer(1)]) {
      expect(() => integer.read(value)).toThrow("malformed");
    }
  });

  it("holds bytes or NULL", () => {
    expect(bytes.read(Uint8Array.of(1, 2).buffer)).toEqual(Uint8Array.of(1, 2));
    expect(bytes.read(null)).toBeNull();
    for (const value of ["", 7, undefined, [1]]) expect(() => bytes.read(value)).toThrow("malformed");
  });
});
