/** The kinds of rows that a verification walks over, in this order. */
const PHASES = ["secrets", "policies", "bundles", "versions", "lost", "nodes"] as const;

type Phase = (typeof PHASES)[number];

/** A position in the walk over all rows. Everything before it was verified. */
export type RowCursor =
  | { readonly phase: Exclude<Phase, "nodes">; readonly after: string }
  | { readonly phase: "nodes"; readonly depth: number; readonly after: number };

/** A position in the audit or, after it, in the rows. */
export type VerifyCursor = number | RowCursor;

export const FIRST_ROW: Readonly<RowCursor> = startOf("secrets");

/** The start of the next kind of rows; undefined after the last kind. */
export function startAfter(phase: Phase): RowCursor | undefined {
  const next = PHASES[PHASES.indexOf(phase) + 1];
  return next && startOf(next);
}

function startOf(phase: Phase): RowCursor {
  return phase === "nodes" ? { phase, depth: 0, after: 0 } : { phase, after: "" };
}

/** Formats a position in the rows for the caller to send with the next request: `KIND:NAME`, or `nodes:DEPTH:ID`. */
export function formatCursor(cursor: RowCursor): string {
  return cursor.phase === "nodes" ? `nodes:${cursor.depth}:${cursor.after}` : `${cursor.phase}:${cursor.after}`;
}

/** Parses a position in the rows. Returns undefined for an invalid one. */
export function parseCursor(text: string): RowCursor | undefined {
  const [name, ...rest] = text.split(":");
  const phase = PHASES.find((known) => known === name);
  if (phase === undefined || rest.length === 0) return undefined;
  // Names may contain colons.
  if (phase !== "nodes") return { phase, after: rest.join(":") };
  const [, depth, after] = /^nodes:(\d{1,2}):(\d{1,9})$/.exec(text) ?? [];
  return depth === undefined || Number(depth) > 12 ? undefined : { phase, depth: Number(depth), after: Number(after) };
}
