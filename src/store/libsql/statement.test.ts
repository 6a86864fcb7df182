import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { bind, statement } from "./statement.ts";

const { placeholder } = sql;
const textOf = (query: Parameters<typeof statement>[0]) => JSON.parse(`"${statement(query).escaped}"`) as string;

describe("a statement", () => {
  it("names its places, each once, and is short", () => {
    const query = sql`SELECT ${sql.identifier("path")}
      FROM t  WHERE a = ${placeholder("a")} AND b = ${placeholder("b")} AND c = ${placeholder("a")}`;
    expect(textOf(query)).toBe("SELECT path FROM t WHERE a = :a AND b = :b AND c = :a");
    expect(statement(query).places).toEqual(["a", "b"]);
  });

  it("leaves quoted texts as they are, and names that need their quotes", () => {
    const query = sql`SELECT '?  "x"', ${sql.identifier("A b")}, ${placeholder("a")}, '\n'`;
    expect(textOf(query)).toBe(`SELECT '?  "x"', "A b", :a, '\n'`);
  });

  it("has no values: they would be sent as they were when the module was loaded", () => {
    expect(() => statement(sql`SELECT ${"x"}`)).toThrow("it has a value instead of a place");
  });

  it("is bound with integers, texts, bytes and nulls, and nothing else", () => {
    const built = statement(sql`SELECT ${placeholder("a")}, ${placeholder("b")}`);
    const bytes = new Uint8Array(2);
    expect(bind(built, { a: 1, b: true, c: "ignored" }).args).toEqual({ a: 1n, b: 1n });
    expect(bind(built, { a: null, b: bytes }).args).toEqual({ a: null, b: bytes });
    expect(() => bind(built, { a: "x" })).toThrow(":b is neither");
    expect(() => bind(built, { a: 1.5, b: null })).toThrow(RangeError);
  });
});
