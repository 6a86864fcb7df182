import type { Outdated } from "../store/store.ts";

/** The kinds of rows to rewrap, in this order. */
const KINDS = ["secret", "policy", "bundle"] as const;

/** A position in the walk over all rows. Everything before it is done. */
export interface Cursor {
  readonly kind: (typeof KINDS)[number];
  readonly after: Outdated["after"];
}

function startOf(kind: Cursor["kind"]): Cursor {
  return { kind, after: { keyId: "", name: "" } };
}

/** The start of the walk. */
export const START: Cursor = startOf("secret");

/** The start of the next kind; undefined after the last kind. */
export function startAfter(kind: Cursor["kind"]): Cursor | undefined {
  const next = KINDS[KINDS.indexOf(kind) + 1];
  return next && startOf(next);
}

/** Formats a cursor for the caller to send with the next page: `KIND:KEY_ID:NAME`. */
export function formatCursor({ kind, after }: Cursor): string {
  return `${kind}:${after.keyId}:${after.name}`;
}

/** Parses a cursor. An empty text is the start. Returns undefined for an invalid cursor. */
export function parseCursor(text: string): Cursor | undefined {
  if (text === "") return START;
  const [name, keyId, ...rest] = text.split(":");
  const kind = KINDS.find((known) => known === name);
  // Names may contain colons, key ids may not.
  return kind === undefined || keyId === undefined || rest.length === 0
    ? undefined
    : { kind, after: { keyId, name: rest.join(":") } };
}
