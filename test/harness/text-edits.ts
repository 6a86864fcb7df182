import * as fc from "fast-check";

/** A position in a text or a list, modulo its length. */
export const position = fc.nat({ max: 100_000 });

const UNUSUAL_CHARACTERS = [
  " ",
  "\t",
  "\0",
  "\n",
  "/",
  "//",
  "/../",
  "/./",
  "%2f",
  "%00",
  "%",
  "?",
  "&",
  "=",
  "#",
  ";",
  "\\",
  "é",
  "\u017F",
  "\u212A",
];
const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Array.from('abcXYZ019-_.+:,"{}[]')) },
  fc.constantFrom(...UNUSUAL_CHARACTERS),
  fc.constantFrom("\ud800", "\u202e", "😀", "\uFEFF"),
);

export interface Edit {
  readonly kind: "replace" | "insert" | "delete" | "double" | "cut" | "case" | "join";
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("replace", "insert", "delete", "double", "cut", "case", "join"),
  at: position,
  length: fc.integer({ min: 1, max: 20 }),
  text: character,
});
/** One to three random edits. */
export const edits = fc.array(edit, { minLength: 1, maxLength: 3 });

/** Applies edits to a text. */
export function edited(text: string, by: readonly Edit[]): string {
  return by.reduce((before, { kind, at, length, text: other }) => {
    const start = at % (before.length + 1);
    const [head, part, tail] = [
      before.slice(0, start),
      before.slice(start, start + length),
      before.slice(start + length),
    ];
    switch (kind) {
      case "replace":
        return head + other + before.slice(start + 1);
      case "insert":
        return head + other + part + tail;
      case "delete":
        return head + tail;
      case "double":
        return head + part + part + tail;
      case "cut":
        return head;
      case "case":
        return head + (part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase()) + tail;
      case "join":
        return before + other + before;
    }
  }, text);
}

/** Applies edits to bytes. The result always differs from the input. */
export function editedBytes(bytes: Uint8Array, by: readonly Edit[]): Buffer {
  const text = Buffer.from(bytes).toString("latin1");
  const changed = edited(text, by);
  return Buffer.from(changed === text ? `${text}\0` : changed, "latin1");
}

/** Applies edits to a header value. The result differs from the input in more than the spaces around it, which are trimmed. */
export function mutated(text: string, by: readonly Edit[]): string {
  const changed = edited(text, by);
  return changed.trim() === text ? `${text}x` : changed;
}
