import type { Bound } from "./statement.ts";

/** How statements run: `"read"` sees one snapshot, `"write"` is all or nothing. */
export type Mode = "read" | "write";

/** What a statement gave, as far as it is looked at: cells by column. Bytes are ArrayBuffers, integers numbers. */
export interface Result {
  readonly rows: readonly { readonly [column: number]: unknown }[];
}

/**
 * Runs statements as one transaction in one round trip. A read is one statement: its snapshot needs no transaction around it.
 * Rejects with {@link StoreUnavailable}, and with nothing else.
 */
export type Execute = (statements: readonly Bound[], mode: Mode, signal: AbortSignal) => Promise<readonly Result[]>;
