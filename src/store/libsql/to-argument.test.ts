import { eq, sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { bind, db, placeholder, prepare, rowOfPlaceholders, setOfPlaceholders } from "./query-builder.ts";
import { keys, secrets, store } from "./schema.ts";
import { toArgument } from "./to-argument.ts";

describe("an argument", () => {
  it("is a bigint for every number and boolean: the driver sends JavaScript numbers as floats", () => {
    expect([1, 0, -1, 2 ** 53 - 1, true, false, 7n].map(toArgument)).toEqual([1n, 0n, -1n, 2n ** 53n - 1n, 1n, 0n, 7n]);
  });

  it("is a text, bytes or null as given", () => {
    const bytes = Uint8Array.of(1);
    expect(["x", null].map(toArgument)).toEqual(["x", null]);
    expect(toArgument(bytes)).toBe(bytes);
  });

  it.each([1.5, Number.NaN, Infinity])("is not %d", (value) => expect(() => toArgument(value)).toThrow(RangeError));

  it.each([[undefined], [{}], [[1]], [new Date(0)], [Symbol("x")]])("is not %o", (value) => {
    expect(() => toArgument(value)).toThrow("Cannot bind a value");
  });
});

describe("a prepared statement", () => {
  it("fills its placeholders by name, in their order, and ignores other values", () => {
    const template = prepare(db.delete(keys).where(sql`${eq(keys.keyId, placeholder("b"))} and ${placeholder("a")}`));
    expect(bind(template, { a: 1, b: "k", c: "ignored" })).toEqual({
      sql: "delete from keys where keys.key_id = ? and ?",
      args: ["k", 1n],
    });
  });

  it("requires a value for each placeholder", () => {
    const template = prepare(db.delete(keys).where(eq(keys.keyId, placeholder("a"))));
    expect(() => bind(template, {})).toThrow('No value for placeholder "a"');
  });

  it("sends no float, whether a number is a constant, encoded by its column or a value", () => {
    const update = prepare(
      db
        .update(secrets)
        .set({ casRequired: true, latest: 7, current: sql`${placeholder("current")}` })
        .where(eq(secrets.version, placeholder("seen"))),
    );
    expect(bind(update, { current: 3, seen: 2 }).args).toEqual([7n, 3n, 1n, 2n]);
    expect(bind(prepare(db.select().from(store).where(eq(store.id, 1))), {}).args).toEqual([1n]);
  });

  it("gets a placeholder for each column of a table, named by its key", () => {
    expect(Object.keys(rowOfPlaceholders(keys))).toEqual(["keyId", "checkValue", "createdAt"]);
    expect(prepare(db.update(keys).set(setOfPlaceholders(keys)))).toMatchObject({
      sql: "update keys set key_id = ?, check_value = ?, created_at = ?",
      params: [{ name: "keyId" }, { name: "checkValue" }, { name: "createdAt" }],
    });
  });
});
