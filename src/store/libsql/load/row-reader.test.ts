import { getTableColumns } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { AuditRow, BundleRow, KeyRow, PolicyRow, SecretRow, StoreRow, VersionRow } from "../../rows.ts";
import { bytes, flag, time } from "../column-types.ts";
import { type audit, keys, policies, secrets, secretVersions, type store, type trustBundles } from "../schema.ts";
import { type Read, readVerifiable } from "./cell-readers.ts";
import { rowReader } from "./row-reader.ts";

const columns = {
  id: integer().notNull(),
  name: text().notNull(),
  mac: bytes().notNull(),
  isOn: flag().notNull(),
  at: time(),
} as const;
const read = rowReader(getTableColumns(sqliteTable("t", columns)));

describe("a row", () => {
  it("is read in the order of the columns, with the types of the schema", () => {
    expect(read([1, "a", "00fF", 1, null])).toEqual({
      id: 1,
      name: "a",
      mac: Uint8Array.of(0, 255),
      isOn: true,
      at: null,
    });
    expect(read([0, "", "", 0, 9_000_000_000_000_000])).toMatchObject({ isOn: false, at: 9_000_000_000_000_000 });
    expect(read([0, "", "", 2, 5])).toMatchObject({ isOn: false, at: 5 });
  });

  it.each([[null], [{}], ["x"], [1], [[]], [[1, "a", "00", 1]], [[1, "a", "00", 1, null, null]]])(
    "must be a list of as many values: not %j",
    (row) => expect(() => read(row)).toThrow("malformed"),
  );

  it.each(["1", 1.5, 2 ** 53, null, undefined, true])("has integers where the schema says so: not %j", (value) => {
    expect(() => read([value, "a", "00", 1, null])).toThrow("malformed");
  });

  it.each([2 ** 53, -(2 ** 53), 2 ** 63])(
    "with a MAC may have the integer %j, as one that does not verify (H10)",
    (value) => {
      const verifiable = rowReader(getTableColumns(sqliteTable("t", columns)), readVerifiable);
      expect(verifiable([value, "a", "00", 1, null])).toMatchObject({ id: Number.MIN_SAFE_INTEGER });
      expect(verifiable([7, "a", "00", 1, null])).toMatchObject({ id: 7 });
      for (const other of ["1", 1.5, null, undefined, true]) {
        expect(() => verifiable([other, "a", "00", 1, null])).toThrow("malformed");
      }
    },
  );

  it.each([1, null, undefined])("has texts where the schema says so: not %j", (value) => {
    expect(() => read([1, value, "00", 1, null])).toThrow("malformed");
  });

  it.each([1, null, "0", "0g", "é0", "0x"])("has hexadecimal bytes where the schema says so: not %j", (value) => {
    expect(() => read([1, "a", value, 1, null])).toThrow("malformed");
  });

  it.each(["1", null, 0.5])("has flags where the schema says so: not %j", (value) => {
    expect(() => read([1, "a", "00", value, null])).toThrow("malformed");
  });
});

/** Compiled by `tsc`: each line fails there if the schema and the domain disagree on a column. */
describe("the types of the schema", () => {
  it("are those of the domain, column by column", () => {
    expect(Object.keys(getTableColumns(keys))).not.toEqual([]);
    expectTypeOf<Readonly<Omit<typeof store.$inferSelect, "id">>>().toEqualTypeOf<StoreRow>();
    expectTypeOf<Readonly<typeof keys.$inferSelect>>().toEqualTypeOf<KeyRow>();
    expectTypeOf<Readonly<typeof secrets.$inferSelect>>().branded.toEqualTypeOf<SecretRow>();
    expectTypeOf<
      Readonly<Omit<typeof secretVersions.$inferSelect, "path" | "revision">>
    >().branded.toEqualTypeOf<VersionRow>();
    expectTypeOf<Readonly<typeof policies.$inferSelect>>().branded.toEqualTypeOf<PolicyRow>();
    expectTypeOf<Readonly<typeof trustBundles.$inferSelect>>().branded.toEqualTypeOf<BundleRow>();
    expectTypeOf<Readonly<typeof audit.$inferSelect>>().branded.toEqualTypeOf<AuditRow>();
  });

  it("make a reader of swapped, missing or nullable columns not compile", () => {
    const { keyId, checkValue, createdAt } = getTableColumns(keys);
    const right: Read<KeyRow> = rowReader({ keyId, checkValue, createdAt });
    // @ts-expect-error two columns are swapped
    const swapped: Read<KeyRow> = rowReader({ keyId: checkValue, checkValue: keyId, createdAt });
    // @ts-expect-error a column is missing
    const missing: Read<KeyRow> = rowReader({ keyId, checkValue });
    // @ts-expect-error a column may be NULL
    const nullable: Read<KeyRow> = rowReader({ keyId, checkValue, createdAt: secretVersions.deletedAt });
    // @ts-expect-error a flag is read as a number
    const flagged: Read<KeyRow> = rowReader({ keyId, checkValue, createdAt: secrets.casRequired });
    // @ts-expect-error rows of another table
    const other: Read<SecretRow> = rowReader(getTableColumns(policies));
    expect([right, swapped, missing, nullable, flagged, other]).toHaveLength(6);
  });
});
