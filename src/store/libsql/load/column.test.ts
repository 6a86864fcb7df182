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
  it("of JSON is the JSON null for NULL, because NULL would take the other columns of the text along", () => {
    const { type, sql: text, read } = jsonColumn({ sql: sql`x`, read: readInteger });
    expect([type, text, read(7)]).toEqual(["json", "ifnull(x, 'null')", 7]);
  });

  it("of bytes is bytes or NULL", () => {
    const bytes = bytesColumn(sql`x`);
    expect([bytes.type, bytes.sql]).toEqual(["bytes", "x"]);
    expect(bytes.read(Uint8Array.of(1, 2).buffer)).toEqual(Uint8Array.of(1, 2));
    expect(bytes.read(null)).toBeNull();
    for (const value of ["", 7, undefined, [1]]) expect(() => bytes.read(value)).toThrow("malformed");
  });
});
