import type { SQL } from "drizzle-orm";
import type { AnySnapshot, Query } from "../../store.ts";
import type { Values } from "../query-builder.ts";
import { type Column, type Fragment, fragment } from "./column.ts";

export type PartName = Exclude<keyof Query, "writeId">;

/** The value of a part in a query. */
export type Asked<Name extends PartName> = NonNullable<Query[Name]>;

/** What a snapshot holds of a part. */
export type Found<Name extends PartName> = NonNullable<AnySnapshot[Name]>;

/** A part of a load: its columns, the values of their places, and what their cells become together. */
export interface Part<Asked, Found> {
  readonly columns: readonly Column<unknown>[];
  /** The slots whose nodes of the authority trie the part needs: a SELECT with the column `slot`. */
  readonly slots?: Fragment;
  values(asked: Asked): Values;
  assemble(cells: readonly unknown[]): Found;
}

/** A part of several columns. `assemble` gets their cells as an object. */
export function partOf<Asked, Cells, Found>(
  columns: { readonly [Key in keyof Cells]: Column<Cells[Key]> },
  values: (asked: Asked) => Values,
  assemble: (cells: Cells) => Found,
): Part<Asked, Found> {
  const names = Object.keys(columns);
  return {
    columns: Object.values(columns),
    values,
    assemble(cells) {
      const named: Record<string, unknown> = {};
      names.forEach((name, index) => (named[name] = cells[index]));
      // Each column has read a cell of its own.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return assemble(named as Cells);
    },
  };
}

/** A part of one column. */
export function columnPart<Asked, Found>(
  column: Column<Found>,
  values: (asked: Asked) => Values = () => ({}),
): Part<Asked, Found> {
  return {
    columns: [column],
    values,
    // The column has read this cell.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    assemble: ([cell]) => cell as Found,
  };
}

/** A part with rows or names that are in the authority trie. */
export function withSlots<Asked, Found>(part: Part<Asked, Found>, slots: SQL): Part<Asked, Found> {
  return { ...part, slots: fragment(slots) };
}
