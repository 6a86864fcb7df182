/** The pages that one transaction changed. */
export interface PageChange {
  readonly pageSize: number;
  /** Pages of the database after the transaction. */
  readonly pageCount: number;
  /** New contents by page number. The first page is number 1. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

/** Position of a commit: the log that contains it, and its number there. */
export interface Position {
  readonly log: string;
  readonly sequence: number;
}

/** A commit of the primary, or a copy of the whole database as it was after that commit. */
export interface Commit extends Position {
  /** When the primary committed it, in milliseconds since 1970. */
  readonly at: number;
  readonly change: PageChange;
}
