/** A parsed value, or why the text is refused. A problem names the rule, and never quotes the text. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

export type Refused = Extract<Parsed<never>, { readonly ok: false }>;

export function valid<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function invalid(problem: string): Refused {
  return { ok: false, problems: [problem] };
}

/** Combines parsed values into one object, or returns the problems of all of them. */
export function combine<T extends object>(parts: { readonly [Name in keyof T]: Parsed<T[Name]> }): Parsed<T> {
  const entries = Object.entries<Parsed<unknown>>(parts);
  const problems = entries.flatMap(([, part]) => (part.ok ? [] : part.problems));
  if (problems.length > 0) return { ok: false, problems };
  const values = Object.fromEntries(entries.map(([name, part]) => [name, part.ok ? part.value : undefined]));
  // TypeScript cannot type the result of a loop over properties of different types.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return valid(values as T);
}
