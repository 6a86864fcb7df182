import type { Page } from "../store.ts";

/** The first rows that fit into one load. Only paths are cut by their size: other lists take much less memory than a worker has. */
export function pageOf<Row>(rows: readonly Row[], limit: number): Page<Row> {
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

/** The texts after `after`, in the order of SQLite's BINARY collation. JavaScript would compare UTF-16 code units. */
export function sorted(texts: Iterable<string>, after: string): readonly string[] {
  const encoder = new TextEncoder();
  const start = encoder.encode(after);
  return [...texts]
    .map((text) => ({ text, bytes: encoder.encode(text) }))
    .filter(({ bytes }) => compareBytes(bytes, start) > 0)
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ text }) => text);
}

export function compareTexts(a: string, b: string): number {
  const encoder = new TextEncoder();
  return compareBytes(encoder.encode(a), encoder.encode(b));
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, index) => byte !== b[index]);
  if (different < 0) return a.length - b.length;
  return (a[different] ?? 0) - (b[different] ?? -1);
}
