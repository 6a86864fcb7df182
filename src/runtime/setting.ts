/** The value of a setting, or what is wrong with it. A problem names the setting and the rule, and never quotes the value. */
export type Setting<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] };

export function valid<T>(value: T): Setting<T> {
  return { ok: true, value };
}

export function invalid(problem: string): Extract<Setting<never>, { readonly ok: false }> {
  return { ok: false, problems: [problem] };
}

/** Combines settings into one, which has the problems of all of them. */
export function combine<T extends object>(settings: { readonly [Name in keyof T]: Setting<T[Name]> }): Setting<T> {
  const entries = Object.entries<Setting<unknown>>(settings);
  const problems = entries.flatMap(([, setting]) => (setting.ok ? [] : setting.problems));
  if (problems.length > 0) return { ok: false, problems };
  const values = Object.fromEntries(entries.map(([name, setting]) => [name, setting.ok ? setting.value : undefined]));
  // TypeScript cannot type the result of a loop over properties of different types.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return valid(values as T);
}
