import type { Outdated } from "../store/store.ts";

/** What is walked, in this order. */
const KINDS = ["store", "secret", "policy", "bundle", "deletion"] as const;

/** A place in the walk over all rows: everything before it has been looked at. */
export interface Cursor {
  readonly kind: (typeof KINDS)[number];
  readonly after: Outdated["after"];
}

/** Where rows of a kind begin. */
function startOf(kind: Cursor["kind"]): Cursor {
  return { kind, after: { keyId: "", name: "" } };
}

/** The kind that is walked after this one. */
export function startAfter(kind: Cursor["kind"]): Cursor | undefined {
  const next = KINDS[KINDS.indexOf(kind) + 1];
  return next && startOf(next);
}

/** As callers carry it from one page to the next: `KIND:KEY_ID:NAME`. */
export function formatCursor({ kind, after }: Cursor): string {
  return `${kind}:${after.keyId}:${after.name}`;
}

/** Empty text is the beginning; undefined for what is no cursor. */
export function parseCursor(text: string): Cursor | undefined {
  if (text === "") return startOf("store");
  const [name, keyId, ...rest] = text.split(":");
  const kind = KINDS.find((known) => known === name);
  // Key ids have no colon, names may have any.
  return kind === undefined || keyId === undefined || rest.length === 0
    ? undefined
    : { kind, after: { keyId, name: rest.join(":") } };
}
