import type { Page } from "../../store.ts";
import { type Read, readInteger, readList } from "./cell-readers.ts";
import { malformed } from "./malformed.ts";

/**
 * Reads `[COUNT, [ROW, …]]`: more rows follow if COUNT exceeds the number of rows. NULL: the caller may not see the
 * list.
 */
export function readPage<T>(read: Read<T>): Read<Page<T>> {
  const readRows = readList(read);
  return (value) => {
    if (value === null) return { rows: [], more: false };
    if (!Array.isArray(value) || value.length !== 2) throw malformed("a value is not a page");
    const count = readInteger(value[0]);
    const rows = readRows(value[1]);
    return { rows, more: count > rows.length };
  };
}
